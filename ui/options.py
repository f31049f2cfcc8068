"""Where the page is served and what people type to reach it."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from medmm.errors import UsageError

HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Options:
    """The address that is listened on, and the public one if a proxy stands before it.

    ``behind_proxy`` is what people type, as ``https://reading.hospital.example/medmm``: TLS ends at
    a proxy there, which sets X-Forwarded-For. Empty: people on this machine only.

    Raises:
        UsageError: the address can be reached from other machines, and nothing says that TLS ends
            at a proxy; or ``behind_proxy`` is no https URL.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    behind_proxy: str = ""

    def __post_init__(self) -> None:
        if self.behind_proxy:
            _check_public(self.behind_proxy)
        elif not is_loopback(self.host):
            raise UsageError(
                f"{self.host} can be reached from other machines, and this page has no TLS.",
                "Let a proxy end TLS and say so: --behind-proxy https://NAME/PREFIX; "
                "or serve this machine only: --host 127.0.0.1.",
            )

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return bool(self.behind_proxy)

    @property
    def prefix(self) -> str:
        """The path under which a proxy has the page: empty, or ``/medmm``."""
        return urlsplit(self.behind_proxy).path.rstrip("/")

    @property
    def public_host(self) -> str:
        """Host, and port if it has one, that browsers name; empty without a proxy."""
        return urlsplit(self.behind_proxy).netloc.lower()

    def knows_host(self, header: str) -> bool:
        """Whether a Host header names this page: any other is a name that was bent to this address.

        (DNS rebinding: a foreign page's name resolves to 127.0.0.1, and its scripts count as ours.)
        """
        given = header.lower()
        if self.public_host and given == self.public_host:
            return True
        return _host_name(given) in LOOPBACK_NAMES | {self.host.lower()}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host_name(header: str) -> str:
    try:
        parts = urlsplit(f"//{header}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return "" if port == 0 or parts.username is not None else name


def _check_public(text: str) -> None:
    try:
        url = urlsplit(text)
        whole = url.scheme == "https" and HOST.fullmatch(url.netloc) and url.port != 0
    except ValueError:
        whole = False
    if not whole or url.query or url.fragment or not PATH.fullmatch(url.path):
        raise UsageError(
            f"{text} is no address of a page behind a proxy.",
            "Name it as people type it: --behind-proxy https://reading.hospital.example/medmm",
        )
