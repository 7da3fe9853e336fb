"""A request's URL and body taken apart, as far as patterns need them."""

from urllib.parse import parse_qsl, urlsplit

from lunchbell.policy.hosts import authority_and_path, host_of
from lunchbell.policy.patterns import Fields

MOST_FIELDS = 200
"""Further fields are not looked at: patterns name markers, and a hostile query stays cheap."""


def fields_of(encoded: str) -> Fields:
    """The fields of a query string or an urlencoded body, each with all its values, in order."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(_first_fields(encoded), keep_blank_values=True, errors="replace"):
        fields[name] = (*fields.get(name, ()), value)
    return fields


def _first_fields(encoded: str) -> str:
    parts = encoded.split("&", MOST_FIELDS)
    return encoded if len(parts) <= MOST_FIELDS else "&".join(parts[:MOST_FIELDS])


def url_parts(url: str) -> tuple[str, str, Fields]:
    """(host, path as sent, query fields) of a URL, or of a tunnel's `host:port`."""
    try:
        parts = urlsplit("//" + authority_and_path(url.strip()))
    except ValueError:
        return host_of(url), "/", {}
    return host_of(parts.netloc), parts.path or "/", fields_of(parts.query)
