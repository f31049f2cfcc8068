"""The page served: a socket, uvicorn with limits, and a clean end."""

import errno
import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from starlette.types import ASGIApp

from medmm.errors import InputError, MedmmError
from ui.options import Options

AT_ONCE = 256
"""Connections and requests at once; one more is told 503."""
HEADER_BYTES = 32_768
KEEP_ALIVE_SECONDS = 15
GRACE_SECONDS = 3
"""How long streams that are open may go on when the page is stopped."""


def listen(options: Options) -> socket.socket:
    """A socket at the address.

    Raises:
        InputError: somebody listens there already, or it is no address of this machine.
    """
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, number)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, OverflowError) as error:
        raise _told(options, error) from error
    found.set_inheritable(True)
    return found


def url_of(options: Options, listening: socket.socket) -> str:
    """What people type."""
    if options.behind_proxy:
        return f"{options.behind_proxy.rstrip('/')}/"
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{listening.getsockname()[1]}/"


def serve(app: ASGIApp, listening: socket.socket, ready: Callable[[], object]) -> NoReturn:
    """Serve until the process is told to stop; ``ready`` is called once it answers.

    Raises:
        KeyboardInterrupt: it was, by Ctrl-C or SIGTERM, and everything is closed.
    """
    import uvicorn

    from ui.patience import TimedProtocol

    # What strangers send amiss is nothing for the terminal; our own log has what we refuse.
    logger = logging.getLogger("uvicorn")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    config = uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        loop="asyncio",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        limit_concurrency=AT_ONCE,
        backlog=AT_ONCE,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    before = signal.signal(signal.SIGTERM, _stop)
    try:
        # It takes the signals itself, closes, and raises them once more for us.
        server = Server(config)
        server.run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)
        listening.close()
    if not server.started:
        raise MedmmError("The page could not be started.", "The log says why.")
    # A signal that the parent process had ignored (a shell's background job) comes without one.
    raise KeyboardInterrupt


def _stop(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _told(options: Options, error: OSError | OverflowError) -> InputError:
    there = f"{options.host}:{options.port}"
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        return InputError(
            f"Port {options.port} is in use.", "Name another: --port N, or 0 for any.", code="port"
        )
    if getattr(error, "errno", None) == errno.EACCES:
        return InputError(
            f"Port {options.port} needs more rights.", "Name one from 1024 on: --port N.",
            code="port",
        )  # fmt: skip
    return InputError(f"Nothing can listen at {there}.", "Name --host and --port.", code="port")
