"""What the whole page shares: the open home, where it is served, its clock and its assets."""

from dataclasses import dataclass, field

from medmm.assembly.homes import OpenHome
from medmm.records.limiter import Clock, utc_now
from medmm.records.passwords import HASHER, Hasher
from ui.asset_files import Assets
from ui.hashing import Hashing
from ui.options import Options


@dataclass(frozen=True)
class Frame:
    """One page over one home."""

    opened: OpenHome
    options: Options = field(default_factory=Options)
    clock: Clock = utc_now
    hasher: Hasher = HASHER
    assets: Assets = field(default_factory=Assets)
    hashing: Hashing = field(default_factory=Hashing)

    @property
    def cookie(self) -> str:
        """The session cookie's name; ``__Host-`` makes browsers insist on Secure and Path=/."""
        return "__Host-medmm" if self.options.secure else "medmm"

    def url(self, path: str) -> str:
        """A path of ours as a browser has to ask for it."""
        return f"{self.options.prefix}{path}"

    def asset(self, name: str) -> str:
        """The URL of a file in ``ui/assets``, which may be cached for good."""
        return self.url(self.assets.path(name))
