"""Every error that medmm raises on purpose.

    MedmmError                     exit 1
    ├── UsageError                 exit 2   the command line or a call is wrong
    ├── InputError                 exit 3   the input was refused
    │   ├── GeometryError                   positions or spacing cannot be trusted
    │   ├── PixelError                      pixels cannot be decoded or are not what the header says
    │   ├── LimitError                      the bytes ask for more than a budget allows
    │   ├── ConflictError                   somebody else's version came first
    │   ├── AccessError                     this actor may not do that, or did not sign in
    │   └── NotFoundError                   no such study, report, expert, ...
    ├── MissingError               exit 3   a part that is needed is not installed or not there
    │   └── PluginError                     a plug-in is broken, doubled or unknown
    ├── ExpertError                exit 4   an expert failed on an input it accepted
    ├── HomeError                  exit 5   the home cannot be used now
    │   ├── MigrationError                  the database is behind or ahead of this version
    │   └── StorageError                    full, read-only or failing disk
    └── CancelledError             exit 130 someone asked to stop

Each carries one sentence on what is wrong (with the file it is about) and one on the mend.
"""


class MedmmError(Exception):
    """A fault with a sentence for the user: what is wrong, and ``mend``, what to do about it."""

    exit_code = 1

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class UsageError(MedmmError, ValueError):
    """The command line or a call is wrong."""

    exit_code = 2


class InputError(MedmmError, ValueError):
    """The input was refused; nothing was changed. ``code`` is a stable reason code."""

    exit_code = 3

    def __init__(
        self, message: str, mend: str = "", *, code: str = "refused", tag: str | None = None
    ) -> None:
        super().__init__(message, mend)
        self.code = code
        self.tag = tag


class GeometryError(InputError):
    """Positions, orientation or spacing cannot be trusted."""


class PixelError(InputError):
    """Pixels cannot be decoded, or are not what the header says."""


class LimitError(InputError):
    """The bytes ask for more memory, depth, files or time than their budget allows."""


class ConflictError(InputError):
    """Somebody else's version came first: ``based_on`` was edited, ``last`` is there by now."""

    def __init__(self, message: str, mend: str, *, based_on: int, last: int) -> None:
        super().__init__(message, mend, code="conflict")
        self.based_on = based_on
        self.last = last


class AccessError(InputError):
    """The actor may not do that, or is not who it claims to be; after ``wait_seconds`` try again.

    ``wait_seconds`` is 0 where waiting does not help.
    """

    def __init__(
        self, message: str, mend: str = "", *, code: str = "not-allowed", wait_seconds: int = 0
    ) -> None:
        super().__init__(message, mend, code=code)
        self.wait_seconds = wait_seconds


class NotFoundError(InputError, LookupError):
    """There is no such study, series, report, expert or file."""


class MissingError(MedmmError):
    """Something that is needed is not installed or not there."""

    exit_code = 3


class PluginError(MissingError):
    """A plug-in is broken, is there twice, or is unknown."""


class ExpertError(MedmmError):
    """An expert failed on an input that it had accepted."""

    exit_code = 4


class HomeError(MedmmError):
    """The home cannot be used now."""

    exit_code = 5


class MigrationError(HomeError):
    """The database is behind, or ahead of, the migrations of this version."""


class StorageError(HomeError, OSError):
    """The disk is full, read-only or failing."""


class CancelledError(MedmmError):
    """Someone asked to stop; ``mend`` says how to resume."""

    exit_code = 130
