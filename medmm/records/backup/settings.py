"""The settings that a backup keeps: what was chosen, without secrets and this machine's places.

They are written into a restored home that has no settings of its own, and nowhere else: which
database a home has and where its models are is another machine's business.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from medmm.errors import StorageError
from medmm.settings import Settings

_OF_THIS_MACHINE = frozenset({"home", "database_url", "models", "audit_head"})
_SECRET = re.compile(r"key|password|passphrase|secret|token|credential")
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]*@")


def told_settings(home: Path) -> dict[str, Any]:
    """What a home's settings.toml says, as far as it may be in a backup; {} where there is none.

    Raises:
        StorageError: it cannot be read.
    """
    path = home / "settings.toml"
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be read.", "Mend or remove it.") from error
    told: dict[str, Any] = {}
    for name, value in found.items():
        if name in Settings.model_fields and _may_leave(name) and _is_plain(value):
            many = isinstance(value, list)
            told[name] = [_without_user(one) for one in value] if many else _without_user(value)
    return told


def toml_text(told: dict[str, Any], file: Path) -> str:
    """A settings.toml of what a backup tells, as far as this version knows the names."""
    lines = [f"# Restored from {json.dumps(file.name)}; secrets are not in a backup."]
    lines += [
        f"{name} = {_toml(told[name])}"
        for name in Settings.model_fields
        if name in told and _may_leave(name) and _is_plain(told[name])
    ]
    return "\n".join(lines) + "\n"


def _may_leave(name: str) -> bool:
    return name not in _OF_THIS_MACHINE and not _SECRET.search(name)


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str | int)


def _toml(value: Any) -> str:
    """A value as TOML, whose strings, numbers and lists are JSON's but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _without_user(value: Any) -> Any:
    return _USER_IN_URL.sub("", value) if isinstance(value, str) else value
