"""A client that decides itself when to send what: plain sockets, HTTP/1.1 by hand, straight or through the proxy."""

import socket
import ssl

from tests.fidelity.clients import Way
from tests.fidelity.house import STAFFROOM


class RawClient:
    """One TLS connection to a host."""

    def __init__(self, way: Way, host: str, client: str = STAFFROOM, trust: str = "", alpn: str = "http/1.1") -> None:
        self.host = host
        if way.house:
            plain = socket.create_connection(("127.0.0.1", way.house.proxy_port), 30, source_address=(client, 0))
            plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n".encode())
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                answer += plain.recv(1) or b"\r\n\r\n"
            assert b" 200 " in answer, answer
        else:
            plain = socket.create_connection(("127.0.0.1", way.origin.port), 30)
        trusted = trust or str(way.house.bundle if way.house else way.authority)
        context = ssl.create_default_context(cafile=trusted)
        context.set_alpn_protocols([alpn])
        self.socket = context.wrap_socket(plain, server_hostname=host)
        self.file = self.socket.makefile("rb")

    @property
    def issuer(self) -> str:
        """Who signed the certificate that was shown."""
        names = self.socket.getpeercert() or {}
        return str(dict(part[0] for part in names["issuer"])["commonName"])  # type: ignore[misc]

    def send(self, data: bytes) -> None:
        """Now."""
        self.socket.sendall(data)

    def head(self) -> bytes:
        """The next answer's head."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            if not line:
                break
            head += line
        return head

    def get(self, path: str, more: str = "") -> bytes:
        """A request for a page, on this connection; the body, by its content-length."""
        self.send(f"GET {path} HTTP/1.1\r\nhost: {self.host}\r\nsec-fetch-dest: document\r\n{more}\r\n".encode())
        head = self.head().lower()
        return self.file.read(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))

    def close(self) -> None:
        """Hang up."""
        self.file.close()
        self.socket.close()
