"""Parts by entry point: found by metadata, loaded on first use, a broken one left out and said."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from medmm.errors import PluginError
from medmm.seams import GROUPS


@dataclass(frozen=True)
class Plugin:
    """One entry point: its name, where it comes from, and how to load it."""

    group: str
    name: str
    distribution: str
    entry: EntryPoint

    def load(self) -> Any:
        """The implementer of the group's seam.

        Raises:
            PluginError: it cannot be imported, cannot be made, or does not have the seam's methods.
        """
        return _load(self)


@dataclass(frozen=True)
class Problem:
    """A plug-in that cannot be used, and why."""

    group: str
    name: str
    distribution: str
    reason: str


def found(group: str) -> tuple[Plugin, ...]:
    """All entry points of a group by name; nothing is imported."""
    plugins = {
        (entry.name, entry.value): Plugin(
            group, entry.name, entry.dist.name if entry.dist else "unknown", entry
        )
        for entry in entry_points(group=group)
    }
    return tuple(plugin for _, plugin in sorted(plugins.items()))


def load_all(group: str) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Every usable part of a group by name, and what could not be used."""
    parts: dict[str, Any] = {}
    problems: list[Problem] = []
    by_name: dict[str, list[Plugin]] = {}
    for plugin in found(group):
        by_name.setdefault(plugin.name, []).append(plugin)
    for name, plugins in by_name.items():
        owners = " and ".join(plugin.distribution for plugin in plugins)
        if len(plugins) > 1:
            problems.append(
                Problem(group, name, owners, f"{owners} both bring {name!r}; uninstall one.")
            )
            continue
        try:
            parts[name] = plugins[0].load()
        except PluginError as error:
            problems.append(Problem(group, name, owners, str(error)))
    return parts, tuple(problems)


def load_one(group: str, name: str) -> Any:
    """One part by name.

    Raises:
        PluginError: unknown, there twice, or broken.
    """
    plugins = [plugin for plugin in found(group) if plugin.name == name]
    if not plugins:
        known = ", ".join(sorted({plugin.name for plugin in found(group)})) or "none"
        raise PluginError(f"There is no {name!r} in {group}.", f"Known: {known}.")
    if len(plugins) > 1:
        owners = " and ".join(plugin.distribution for plugin in plugins)
        raise PluginError(f"{owners} both bring {name!r} in {group}.", "Uninstall one.")
    return plugins[0].load()


@cache
def _load(plugin: Plugin) -> Any:
    where = f"Plug-in {plugin.name!r} of {plugin.distribution} ({plugin.entry.value})"
    mend = f"Reinstall or remove {plugin.distribution}."
    try:
        part = plugin.entry.load()()
        fits = isinstance(part, GROUPS[plugin.group])
    except (Exception, SystemExit) as error:  # a plug-in may raise anything; the rest goes on
        reason = f"{type(error).__name__}: {error}".strip()
        raise PluginError(f"{where} cannot be loaded: {reason}.", mend) from error
    if not fits:
        seam = GROUPS[plugin.group].__name__
        raise PluginError(f"{where} is no {seam}: a method of medmm.seams.{seam} is missing.", mend)
    return part
