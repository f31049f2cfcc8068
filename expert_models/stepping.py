"""Between an expert's steps: stop when asked to, and never past the deadline."""

import time

from medmm.errors import CancelledError, ExpertError
from medmm.nouns import RunContext


def pause(context: RunContext, expert: str) -> None:
    """Come back only if the run may go on.

    Raises:
        CancelledError: someone asked to stop.
        ExpertError: the deadline has passed.
    """
    if context.cancelled():
        raise CancelledError(f"{expert} was stopped.", "Run it again to have its answer.")
    if context.deadline is not None and time.monotonic() > context.deadline:
        raise ExpertError(f"{expert} ran past its deadline.", "Give it more time or a faster host.")
