"""How a command gets a password: typed on the terminal unseen, or from a file descriptor.

Never from an argument or a variable, which other users of the machine can see.
"""

import os
import sys

from medmm.errors import InputError, UsageError

# More than any password that is taken, so that a longer one is refused and not cut.
_MOST_BYTES = 8192


def new_password(name: str, descriptor: int | None) -> str:
    """A new password for a user, typed twice or read whole from the descriptor.

    Raises:
        UsageError: there is no terminal, or the descriptor cannot be read.
        InputError: the two differ.
    """
    if descriptor is not None:
        return read_password(descriptor)
    first = ask_password(f"New password of {name}: ")
    if ask_password("The same again: ") != first:
        raise InputError("The two passwords differ.", "Run the command again.", code="password")
    return first


def ask_password(prompt: str) -> str:
    """A password typed on the terminal, which does not show it.

    Raises:
        UsageError: there is no terminal.
    """
    import getpass

    if not sys.stdin.isatty():
        # getpass would read stdin with echo, or wait for a terminal that nobody sits at.
        raise UsageError(
            "There is no terminal to ask for the password on.",
            "Give it with --password-fd N.",
        )
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise UsageError("No password was typed.", "Run the command again.") from None


def read_password(descriptor: int) -> str:
    """What a file descriptor holds, without one line end at its end.

    Raises:
        UsageError: it is not open for reading, holds too much or is not UTF-8.
    """
    data = b""
    try:
        while len(data) <= _MOST_BYTES and (piece := os.read(descriptor, _MOST_BYTES)):
            data += piece
    except OSError as error:
        raise UsageError(
            f"File descriptor {descriptor} cannot be read: {error.strerror}.",
            "Open it for the command, for example: --password-fd 3 3< secret.txt",
        ) from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"File descriptor {descriptor} holds more than a password.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        # Its message would hold the bytes, so it is not chained.
        raise UsageError("The password is not in UTF-8.", "Save it as UTF-8.") from None
    return text.removesuffix("\n").removesuffix("\r")
