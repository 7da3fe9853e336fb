"""The two drivers, curl and Chromium, straight to the origin or through the proxy."""

import os
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shutil import rmtree, which

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.fidelity.house import STAFFROOM, House
from tests.fidelity.origin import Origin

Address = tuple[str, int]


@dataclass(frozen=True)
class Way:
    """How to reach the origin: straight, or through a house's proxy."""

    origin: Origin
    authority: Path
    house: House | None = None

    def curl(self, host: str, path: str, *options: str, client: str = STAFFROOM) -> "Answer":
        """What curl makes of a URL."""
        with tempfile.TemporaryDirectory() as folder:
            head, body = Path(folder, "head"), Path(folder, "body")
            command = ["curl", "-q", "-sS", "--path-as-is", "--max-time", "60", "-D", str(head), "-o", str(body)]
            if self.house:
                command += ["--proxy", f"http://127.0.0.1:{self.house.proxy_port}", "--suppress-connect-headers"]
                command += ["--interface", client, "--cacert", str(self.house.bundle)]
            else:
                command += ["--connect-to", f"::127.0.0.1:{self.origin.port}", "--cacert", str(self.authority)]
            done = subprocess.run([*command, *options, f"https://{host}{path}"], capture_output=True, check=False)
            return Answer.read(
                done.returncode,
                head.read_bytes() if head.exists() else b"",
                body.read_bytes() if body.exists() else b"",
                done.stderr.decode(errors="replace"),
            )


@dataclass(frozen=True)
class Answer:
    """How curl ended, and what it got: each response's status and headers, and the body."""

    exit: int
    heads: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    size: int
    digest: str
    error: str = ""

    @staticmethod
    def read(exit_status: int, head: bytes, body: bytes, error: str) -> "Answer":
        """From curl's own files."""
        heads = []
        for block in head.decode("latin-1").replace("\r\n", "\n").split("\n\n"):
            status, *lines = block.strip("\n").split("\n")
            if status:
                pairs = ((n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines))
                heads.append((status, tuple(sorted(pairs))))
        return Answer(exit_status, tuple(heads), len(body), sha256(body).hexdigest(), error.strip())

    @property
    def status(self) -> int:
        """The last response's, 0 without one."""
        return int(self.heads[-1][0].split()[1]) if self.heads else 0

    def same(self) -> tuple[object, ...]:
        """All that must not differ: how curl words its error may."""
        return self.exit, self.heads, self.size, self.digest


CHROMIUM = which("chromium") or ""


@contextmanager
def chromium(way: Way, url: str, *more: str) -> Iterator[None]:
    """Chromium with a page open, ended afterwards."""
    profile = tempfile.mkdtemp(prefix="lunchbell-chromium-")
    trusted = [way.authority.with_name("server.pem")]
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-default-browser-check",
        "--disable-dev-shm-usage", "--remote-debugging-port=0", f"--user-data-dir={profile}",
    ]  # fmt: skip
    if way.house:
        trusted.append(way.house.folder / "lunchbell-ca" / "mitmproxy-ca-cert.pem")
        command += [f"--proxy-server=http://127.0.0.1:{way.house.proxy_port}", "--proxy-bypass-list=<-loopback>"]
    else:
        command.append(f"--host-resolver-rules=MAP * 127.0.0.1:{way.origin.port}")
    command.append(f"--ignore-certificate-errors-spki-list={','.join(map(_key_hash, trusted))}")
    process = subprocess.Popen(
        [*command, *more, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "HOME": profile},
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
        rmtree(profile, ignore_errors=True)


def _key_hash(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(der).digest()).decode()
