"""What every answer says to the browser: run nothing, load nothing from elsewhere, keep no copy of a page."""

from aiohttp import web

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal handler for `on_response_prepare`."""
    response.headers.update(HEADERS)
    kept = request.path.startswith("/static/") and response.status < 400
    response.headers["Cache-Control"] = "no-cache" if kept else "no-store"  # no-cache: asks again, so upgrades show
