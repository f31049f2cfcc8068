"""How much one document may ask for, in bytes, pages, characters and seconds."""

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of one read.

    ``memory_bytes`` is what the confined process may take beyond what it has at its start;
    ``cpu_seconds`` and ``wall_seconds`` bound it in time. The ``zip_`` budgets hold for what the
    members of a Word file unpack to; ``zip_ratio`` is unpacked bytes per packed byte.
    """

    file_bytes: int = 100_000_000
    pages: int = 5_000
    characters: int = 20_000_000
    nesting: int = 1_500
    memory_bytes: int = 1_500 * MIB
    cpu_seconds: int = 300
    wall_seconds: float = 600.0
    zip_entries: int = 5_000
    zip_entry_bytes: int = 64 * MIB
    zip_total_bytes: int = 256 * MIB
    zip_ratio: int = 200

    @property
    def answer_bytes(self) -> int:
        """The longest honest answer of the confined process, in bytes of JSON."""
        return 4 * self.characters + 12 * self.pages + MIB


DEFAULT: Final = Limits()
