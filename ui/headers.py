"""What every answer says to browsers, whoever made it, and the last resort for faults.

One policy for all pages: scripts, styles and data from here alone (OWASP Secure Headers).
"""

from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.answers import fault

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # Gradio's components place themselves by attributes; a style sheet in a text stays forbidden.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "media-src": "'self' blob:",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "frame-src": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
POLICY = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "browsing-topics", "camera", "display-capture",
        "encrypted-media", "geolocation", "gyroscope", "hid", "identity-credentials-get",
        "local-fonts", "magnetometer", "microphone", "midi", "payment",
        "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
HSTS = "max-age=31536000"
IMMUTABLE = "private, max-age=31536000, immutable"
NO_STORE = "no-store"
# What a part mounted inside might say on its own.
NEVER = (
    "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Server",
)  # fmt: skip


@dataclass
class Headers:
    """The outermost layer."""

    app: ASGIApp
    secure: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on inside; a fault that nobody caught becomes an answer with an id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._add(MutableHeaders(scope=message))
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the last resort
            answer = fault(error)
            if not begun:
                await answer(scope, receive, send_with_headers)

    def _add(self, headers: MutableHeaders) -> None:
        for name in NEVER:
            del headers[name]
        for name, value in ALWAYS.items():
            headers[name] = value
        if self.secure:
            headers["Strict-Transport-Security"] = HSTS
        said = headers.get("Cache-Control", "")
        if said != IMMUTABLE and NO_STORE not in said:
            headers["Cache-Control"] = NO_STORE
