"""Password hashes, at most two at once: each takes 64 MiB and a core for most of a second."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

from medmm.errors import AccessError

AT_ONCE = 2
WAITING = 64
Given = ParamSpec("Given")
Made = TypeVar("Made")


@dataclass
class Hashing:
    """The place where work that hashes passwords waits for its turn."""

    at_once: int = AT_ONCE
    _limiter: anyio.CapacityLimiter | None = field(default=None, init=False, repr=False)

    async def run(
        self, work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs
    ) -> Made:
        """Do the work in a thread when it is its turn.

        Raises:
            AccessError: too many are waiting; code "busy".
        """
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.at_once)
        if self._limiter.statistics().tasks_waiting >= WAITING:
            raise AccessError(
                "Too many people sign in at once.", "Try again.", code="busy", wait_seconds=5
            )
        return await anyio.to_thread.run_sync(partial(work, *args, **kwargs), limiter=self._limiter)
