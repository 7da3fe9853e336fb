"""A certificate authority of the tests' own, for servers, for clients, and for names that need an odd server."""

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("facebook.com", "*.facebook.com", "x.com", "*.x.com", "news.example", "*.news.example")


class Authority:
    """Signs certificates; everything lies as PEM files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The origin's authority")])
        ca = x509.BasicConstraints(ca=True, path_length=0)
        use = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self._certificate = self._build(name, name, self._key).add_extension(ca, True).add_extension(use, True)
        self._signed = self._certificate.sign(self._key, hashes.SHA256())
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._signed.public_bytes(serialization.Encoding.PEM))
        self.server = self._issue("server", ExtendedKeyUsageOID.SERVER_AUTH)
        self.client = self._issue("client", ExtendedKeyUsageOID.CLIENT_AUTH)

    def context(self, *, ask: bool) -> ssl.SSLContext:
        """A server's context, HTTP/2 offered; `ask`: it demands a client certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        context.set_alpn_protocols(["h2", "http/1.1"])
        if ask:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        return context

    def _build(self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
        )

    def _issue(self, name: str, use: x509.ObjectIdentifier) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(n) for n in NAMES]
        certificate = (
            self._build(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), self._signed.subject, key)
            .add_extension(
                x509.SubjectAlternativeName([*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
            )
            .add_extension(x509.ExtendedKeyUsage([use]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)
            .sign(self._key, hashes.SHA256())
        )
        path = self.folder / f"{name}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return path
