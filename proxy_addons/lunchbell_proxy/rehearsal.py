"""For demos and tests: every server is one address on this machine, so nothing leaves it."""

from mitmproxy.proxy.server_hooks import ServerConnectionHookData


class OneOrigin:
    """Sends each upstream connection to `address`, whatever host was asked for."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """mitmproxy's hook: a server is about to be connected."""
        data.server.address = self.address
