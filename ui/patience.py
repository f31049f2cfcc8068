"""How long a client may take to say what it wants.

Uvicorn waits without end for the head of a request, so that a few hundred silent or dripping
connections (slowloris) would be all that it takes. Bodies are timed by `ui.doorway`.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0


class TimedProtocol(H11Protocol):
    """Uvicorn's protocol with a time for each request's head."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """The first head is waited for."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Part of a head begins no new wait, a whole one ends it."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._end()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._end()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _end(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        # Between two requests uvicorn's own time-out rules: its state is as before a head, too.
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()
