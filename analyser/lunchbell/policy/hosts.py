"""Host names as they come in requests, tunnels and logs, brought to one form."""

from ipaddress import ip_address
from urllib.parse import unquote

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")
_SCHEME_ENDS = frozenset("/?#\\:@")


def host_of(text: str) -> str:
    """The host in a host name, authority (`user@host:port`) or URL: lower case, A-labels (IDNA), no port, no final dot.

    An IPv6 address comes back without brackets, in its shortest form. Empty if there is no host.
    """
    host = text.strip().lower()
    if _PLAIN.issuperset(host):
        return host.rstrip(".")
    host = authority_and_path(host)
    for end in "/?#\\":
        host = host.partition(end)[0]
    host = unquote(host.rpartition("@")[2])
    if host.startswith("["):
        return _address(host[1:].partition("]")[0])
    if host.count(":") > 1:
        return _address(host)
    host = host.partition(":")[0]
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return host.rstrip(".")
    return host.rstrip(".")


def authority_and_path(url: str) -> str:
    """A URL without its scheme; a `://` further on, such as in `x.com/share?u=https://...`, begins no URL."""
    before, scheme, after = url.partition("://")
    return after if scheme and not _SCHEME_ENDS.intersection(before) else url.removeprefix("//")


def _address(text: str) -> str:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return text.rstrip(".")
