"""Critical findings: a table of rules in data, and which of them a report's version meets."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from sqlalchemy.orm import Session

from medmm import ownership
from medmm.assembly.acting import allowed, event_of, report_thing
from medmm.assembly.homes import OpenHome
from medmm.records import report_flags
from medmm.records.audit import record, sealing
from medmm.records.contradictions import contradicted
from medmm.records.report_flags import Acknowledged, Flags

ownership.check_packages()
SECTIONS = frozenset({"Findings", "Impression"})
AT_ONCE = 100
LONGEST = 300


@dataclass(frozen=True)
class Rule:
    """A row of critical_findings.toml."""

    key: str
    name: str
    level: Literal["minutes", "hours", "days"]
    codes: frozenset[str]
    kinds: frozenset[str]
    sites: frozenset[str]
    source: str


@cache
def rules() -> Mapping[str, Rule]:
    """The table by key, in its order."""
    sets = ("codes", "kinds", "sites")
    rows = tomllib.loads(_table().decode("utf-8"))["rule"]
    made = [Rule(**(row | {name: frozenset(row[name]) for name in sets})) for row in rows]
    return {rule.key: rule for rule in made}


@cache
def edition() -> str:
    """Which table this is: another one counts every report anew."""
    return hashlib.sha256(_table()).hexdigest()[:16]


def flags(document: Mapping[str, Any]) -> Flags:
    """What of a version's document calls for attention."""
    found: dict[str, str] = {}
    for rule, words in (*_told(document), *_found(document)):
        found.setdefault(rule.key, words[:LONGEST])
    in_order = {key: found[key] for key in rules() if key in found}
    return Flags(len(contradicted(document)), len(document["warnings"]), in_order)


def count_flags(opened: OpenHome, reports: list[int] | None = None, limit: int = AT_ONCE) -> int:
    """Count what was not counted yet, the newest versions first; how many that were.

    Reading a document twice gives the same, so no event is recorded and no right is asked.
    """
    left = report_flags.unflagged(opened.database, edition(), limit, reports)
    if left:
        counted = {number: flags(json.loads(document)) for number, document in left}
        report_flags.keep(opened.database, edition(), counted)
    return len(left)


def acknowledge(
    opened: OpenHome, report: int, rule: str, told: str = "", method: str = ""
) -> Acknowledged:
    """Record that who acts took note of a report's critical finding; once for each rule.

    Raises:
        AccessError: who acts may not.
        NotFoundError: the report's last version has no such finding.
        InputError: it was acknowledged before, or the words do not fit.
    """
    thing = report_thing(opened, report)
    allowed(opened, "acknowledge", thing)
    count_flags(opened, [report])

    def note(session: Session) -> None:
        record(session, event_of(opened, "acknowledge", thing, detail={"code": rule}))

    with sealing(opened.database, opened.home):
        return report_flags.acknowledge(
            opened.database,
            report,
            rule,
            author=opened.by.actor.name,
            told=told,
            method=method,
            also=note,
        )


def _table() -> bytes:
    return files("medmm.assembly").joinpath("critical_findings.toml").read_bytes()


def _told(document: Mapping[str, Any]) -> Iterator[tuple[Rule, str]]:
    """By what the sentences claim."""
    read = _reader()
    for section in document["sections"]:
        if section["name"] not in SECTIONS:
            continue
        for statement in section["statements"]:
            if statement["state"] == "reference":
                continue
            for claim in read(statement["text"]).claims:
                if claim.presence == "absent" or claim.limit:
                    continue
                for rule in rules().values():
                    if claim.kind in rule.kinds and (not rule.sites or claim.sites & rule.sites):
                        yield rule, statement["text"]


def _found(document: Mapping[str, Any]) -> Iterator[tuple[Rule, str]]:
    """By what the experts found."""
    for finding in document["findings"]:
        if finding["presence"] == "absent":
            continue
        concept = finding["concept"]
        code = f"{concept['scheme']}:{concept['code']}"
        for rule in rules().values():
            if code in rule.codes:
                yield rule, concept["meaning"]


def _reader() -> Callable[[str], Any]:
    from medmm.drafting.checks.reading.sentence import read

    return read
