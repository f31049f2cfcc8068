"""The statuses of a report and the legal steps between them, as data.

The words are those of FHIR R4B's DiagnosticReport.status
(https://hl7.org/fhir/R4B/valueset-diagnostic-report-status.html) but for ``draft``, the machine's
own, which leaves as FHIR's ``preliminary``. The steps, and why there are no others:

* ``draft`` may be handed on (``preliminary``), signed at once (``final``) or ``cancelled``.
* ``preliminary`` may be signed or cancelled. It never becomes a draft again: that a person took it
  up and handed it on has been seen by others and cannot be unsaid; what is wrong in it is edited.
* ``final`` can only be amended. FHIR's ``cancelled`` is of a report that was never completed; a
  signed one has been acted upon, so what is wrong in it is corrected in the open.
* ``amended`` may be amended again, and has no way back.
* ``cancelled`` is the end; the study can be drafted anew as another report.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final, get_args

from medmm.errors import InputError, UsageError
from medmm.nouns.draft import ReportStatus

STATUSES: Final[tuple[ReportStatus, ...]] = get_args(ReportStatus)
STEPS: Final[Mapping[ReportStatus, tuple[ReportStatus, ...]]] = {
    "draft": ("preliminary", "final", "cancelled"),
    "preliminary": ("final", "cancelled"),
    "final": ("amended",),
    "amended": ("amended",),
    "cancelled": (),
}
EDITABLE: Final[frozenset[ReportStatus]] = frozenset({"draft", "preliminary"})
MACHINES: Final[frozenset[str]] = frozenset({"medmm"})
"""Authors that are no person, in small letters: they make drafts and never another status."""
LONGEST_AUTHOR = 200
LONGEST_REASON = 2000


def move(current: str, wanted: str) -> ReportStatus:
    """The status after the step from ``current`` to ``wanted``, if that step is legal.

    Raises:
        UsageError: one of them is no status.
        InputError: the step is not in `STEPS`.
    """
    before, after = _status(current), _status(wanted)
    if after in STEPS[before]:
        return after
    onward = " or ".join(STEPS[before])
    mend = f"From {before} it can become {onward}." if onward else "Draft the study again."
    raise InputError(f"A report that is {before} cannot become {after}.", mend, code="status")


def person(author: str) -> str:
    """The name of a person who edits or changes a status, without spaces around it.

    Raises:
        UsageError: it is empty, a machine's, over-long, or holds characters that cannot be seen.
    """
    name = author.strip()
    if not name:
        raise UsageError("Nobody is named as the author.", "Say who it is: --author NAME.")
    if unicodedata.normalize("NFKC", name).casefold() in MACHINES:
        raise UsageError(
            f"{name} is a machine, and a machine makes drafts and nothing else.",
            "Name the person who decides: --author NAME.",
        )
    return _line(name, "author", LONGEST_AUTHOR)


def reason_given(reason: str, *, needed: bool = False) -> str:
    """The reason for a change in one line, without spaces around it.

    Raises:
        UsageError: it is needed and empty, over-long, or holds characters that cannot be seen.
    """
    said = reason.strip()
    if needed and not said:
        raise UsageError("There is no reason given.", "Say why: --reason TEXT.")
    return _line(said, "reason", LONGEST_REASON)


def _status(name: str) -> ReportStatus:
    for status in STATUSES:
        if status == name:
            return status
    raise UsageError(f"{name!r} is no status of a report.", f"Use one of {', '.join(STATUSES)}.")


def _line(text: str, what: str, longest: int) -> str:
    if len(text) > longest:
        raise UsageError(f"The {what} has {len(text)} characters.", f"Use at most {longest}.")
    if any(unicodedata.category(one)[0] == "C" or one in "\u2028\u2029" for one in text):
        raise UsageError(
            f"The {what} holds characters that cannot be seen.", "Write it again in one line."
        )
    return text
