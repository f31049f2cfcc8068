"""Passwords: which are taken, and how they are kept (argon2id, RFC 9106).

The floor is OWASP's (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane); the default is
higher. The rules follow NIST SP 800-63B, 5.1.1.2: length and a block list count, no rule on kinds
of characters, every character counts. A password is never in an error, a log or a repr.
"""

import secrets
import unicodedata
from dataclasses import dataclass, field

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from medmm.errors import InputError

MIN_CHARACTERS = 12
MAX_BYTES = 1024
# What is left of a password without its blocked parts must have so many characters.
MIN_OWN_CHARACTERS = 8
PRODUCT = "medmm"
# Parts of the commonest long passwords in published lists, and words of this trade.
BLOCKED = (
    "1234567890", "0123456789", "0987654321", "123456789", "987654321", "12345678", "87654321",
    "1234567", "123456", "654321", "12345", "123123", "112233", "1q2w3e4r5t6y", "1q2w3e4r5t",
    "1q2w3e4r", "1qaz2wsx3edc", "1qaz2wsx", "zaq12wsx", "qwertyuiop", "qwertzuiop", "qwerty",
    "qwertz", "azertyuiop", "asdfghjkl", "asdfgh", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijkl", "abcdefgh", "abcdef", "abc123", "password", "passw0rd", "p@ssw0rd", "p@ssword",
    "passwort", "motdepasse", "contrasena", "administrator", "admin", "letmein", "welcome",
    "changeme", "iloveyou", "trustno1", "football", "baseball", "dragon", "monkey", "sunshine",
    "princess", "superman", "default", "hospital", "radiology", "dicom", "pacs",
)  # fmt: skip
# No 0, 1, i, l, o: a one-time password is read from a screen and typed.
ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_REFUSED_CATEGORIES = {"Cc": "a control character", "Cs": "a broken character"}


@dataclass(frozen=True)
class Cost:
    """What one hash costs: memory in KiB, passes over it, lanes.

    Raises:
        ValueError: less than OWASP's floor.
    """

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 1

    def __post_init__(self) -> None:
        if self.memory_kib < 19_456 or self.passes < 2 or self.lanes < 1:
            raise ValueError("argon2id below the floor of 19456 KiB, 2 passes, 1 lane")


FLOOR = Cost(19_456, 2, 1)
DEFAULT = Cost()


@dataclass(frozen=True)
class Hasher:
    """Hashes and verifies at one cost."""

    cost: Cost = DEFAULT
    _argon2: PasswordHasher = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        argon2 = PasswordHasher(
            time_cost=self.cost.passes,
            memory_cost=self.cost.memory_kib,
            parallelism=self.cost.lanes,
        )
        object.__setattr__(self, "_argon2", argon2)

    def hashed(self, password: str) -> str:
        """The password's hash with its salt and cost, in argon2's own notation.

        Raises:
            InputError: it cannot be a password at all (see `encoded`).
        """
        return self._argon2.hash(encoded(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether the password is the kept one.

        Always one whole hash of work: with no kept hash (no such user) or with text that can be
        nobody's password, a hash that nothing matches is verified instead, so that the time taken
        does not tell who is a user. (A hash kept at an older cost takes that cost's time.)
        """
        try:
            secret = encoded(password)
        except InputError:
            kept, secret = None, b""
        try:
            return self._argon2.verify(kept or self._nobodys, secret)
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """Whether a kept hash cost less, in any respect, than this hasher's do."""
        found = extract_parameters(kept)
        return (
            found.memory_cost < self.cost.memory_kib
            or found.time_cost < self.cost.passes
            or found.parallelism < self.cost.lanes
        )

    @property
    def _nobodys(self) -> str:
        """A well-formed hash of zeros: finding its password is finding a preimage."""
        cost = self.cost
        numbers = f"m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
        return f"$argon2id$v=19${numbers}${'A' * 22}${'A' * 43}"


HASHER = Hasher()


def encoded(password: str) -> bytes:
    """The bytes that are hashed: composed (NFC), so that keyboards agree, and whole.

    Raises:
        InputError: it holds control characters, or is too long; nothing is cut off silently.
    """
    composed = unicodedata.normalize("NFC", password)
    for character in composed:
        what = _REFUSED_CATEGORIES.get(unicodedata.category(character))
        if what is not None:
            raise _refusal(f"The password holds {what}.", "Use what a keyboard types on one line.")
    data = composed.encode("utf-8")
    if len(data) > MAX_BYTES:
        raise _refusal(f"The password is longer than {MAX_BYTES} bytes.", "Choose a shorter one.")
    return data


def check(password: str, name: str) -> None:
    """Whether a user of this name may choose this password.

    Raises:
        InputError: too short, too long, or among those that are tried first; it says which.
    """
    encoded(password)
    composed = unicodedata.normalize("NFC", password)
    if len(composed) < MIN_CHARACTERS:
        raise _refusal(
            f"The password has fewer than {MIN_CHARACTERS} characters.", "Take a few words."
        )
    plain = unicodedata.normalize("NFC", composed.casefold())
    if _repeats(plain) or len(_own_part(plain, name)) < MIN_OWN_CHARACTERS:
        raise _refusal(
            "The password is one of those that are guessed first.",
            "Take a few words that have nothing to do with the user's name or with medmm.",
        )


def one_time() -> str:
    """A random password of 20 letters and digits in groups (99 bits)."""
    letters = [secrets.choice(ONE_TIME_ALPHABET) for _ in range(20)]
    return "-".join("".join(letters[start : start + 5]) for start in range(0, 20, 5))


def _repeats(text: str) -> bool:
    """Whether the text is a piece of up to four characters again and again."""
    return any((text[:size] * len(text))[: len(text)] == text for size in range(1, 5))


def _own_part(text: str, name: str) -> str:
    """What is left without blocked parts, the longest first."""
    # Two or three letters of a name stand in many words.
    names = [part for part in (name.casefold(), PRODUCT) if len(part) > 3]
    for part in sorted((*BLOCKED, *names), key=len, reverse=True):
        text = text.replace(part, "")
    return text


def _refusal(message: str, mend: str) -> InputError:
    return InputError(message, mend, code="password")
