"""What a job does, in the hands of who asked for it.

Rights are read and asked again when it runs: a user who was disabled or lost a role meanwhile gets
nothing. What a job records, and that it is done, is one transaction (`medmm.records.jobs`).
"""

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from medmm import ownership
from medmm.assembly import drafting, ingest_folders, library, reading, upload_folders
from medmm.assembly.acting import allowed
from medmm.assembly.drafting import DraftRequest
from medmm.assembly.homes import OpenHome
from medmm.dicom.intake import Intake
from medmm.errors import AccessError, InputError, NotFoundError
from medmm.nouns import Dropped, Study
from medmm.records import jobs, studies, users
from medmm.records.access import Actor, By, Thing
from medmm.records.jobs import Claim
from medmm.records.studies import Saved

ownership.check_packages()
Document = dict[str, Any]
TELL_EVERY = 0.3
"""Seconds between two words on how far a job is: each is written to the disk."""


def perform(opened: OpenHome, claimed: Claim) -> None:
    """Do a job that was claimed, and mark it done.

    Raises:
        AccessError: who asked for it may not (any more).
        CancelledError: it was cancelled, or another worker took it over; nothing was recorded.
        MedmmError: it could not be done.
    """
    owned = opened.acting(By(_owner(opened, claimed.job.owner), claimed.job.origin))
    if claimed.job.kind == "draft":
        _draft(owned, claimed)
        return
    words = claimed.job.asked
    if claimed.job.kind == "upload":
        source = upload_folders.folder_of(owned.home, str(words["folder"]))
    else:
        source = ingest_folders.resolved(owned.home, int(words["root"]), str(words["inside"]))
    _take_in(owned, claimed, source)


def automatic_prior(opened: OpenHome, study: Study) -> int | None:
    """The newest earlier study of the same patient, of the same modality and part of the body.

    A part that one of the two does not name does not count. (Hanging rule 4.5: same patient, body
    part and modality, the newest before.)
    """
    kinds = {series.modality for series in study.usable}
    parts = {series.body_part for series in study.usable if series.body_part}
    for other in studies.studies_of_patient(opened.database, study.id or 0):
        earlier = bool(study.date) and "" < other.date < study.date
        same_part = not parts or not other.body_parts or parts & set(other.body_parts)
        if earlier and kinds & set(other.modalities) and same_part:
            return other.id
    return None


def _owner(opened: OpenHome, name: str) -> Actor:
    try:
        user = users.find_user(opened.database, name)
    except NotFoundError:
        user = None
    if user is None or user.disabled is not None:
        raise AccessError(f"{name} may not sign in any more, so this was not done.")
    return Actor(user.name, user.role, "person")


def _draft(opened: OpenHome, claimed: Claim) -> None:
    job = claimed.job
    allowed(opened, "draft", Thing("study", job.study_id or 0))
    began = time.monotonic()
    study = library.read_study(opened, str(job.study_id))
    say = _teller(opened, claimed)
    prior = _prior(opened, claimed, study)
    words = job.asked

    def done(session: Session, report: int) -> None:
        jobs.finish(session, claimed, report_id=report, progress="drafted")

    drafting.draft(
        study,
        home=opened,
        request=DraftRequest(
            writer=words["writer"],
            experts=None if words["experts"] is None else tuple(words["experts"]),
            indication=words["indication"] or None,
            knowledge=words["knowledge"],
        ),
        prior=prior,
        progress=say,
        seconds_read=time.monotonic() - began,
        also=done,
    )


def _prior(opened: OpenHome, claimed: Claim, study: Study) -> Study | None:
    number = claimed.job.prior_id
    if claimed.job.asked["prior"] == "automatic":
        number = automatic_prior(opened, study)
    if number is None:
        return None
    prior = library.read_study(opened, str(number))
    if claimed.job.asked["prior"] == "automatic" and not prior.usable:
        return None
    return prior


def _take_in(opened: OpenHome, claimed: Claim, source: Path) -> None:
    allowed(opened, "ingest")
    say = _teller(opened, claimed)
    say("reading files")
    found, _ = reading.read_all([source])
    if not found.studies:
        told = _skipped(found.skipped, source) or "nothing is in it"
        raise InputError(f"No image could be read: {told}.", code="no-images")
    documents: dict[int, Document] = {}
    for number, study in enumerate(found.studies, start=1):
        say(f"storing study {number} of {len(found.studies)}")
        saved = reading.keep(opened, study)
        before = documents.get(saved.study_id, {"series": []})["series"]
        documents[saved.study_id] = _told(study, saved, before)
    with opened.database.write() as session:
        jobs.finish(
            session, claimed, results=documents, progress=_summary(found, documents, source)
        )


def _told(study: Study, saved: Saved, before: list[Document]) -> Document:
    """What became of a study's series."""
    return {
        "new": saved.new,
        "warnings": list(saved.warnings),
        "series": [
            *before,
            *(
                {
                    "modality": series.modality,
                    "description": series.description,
                    "verdict": kept.verdict.status,
                    "sentence": kept.reason or kept.verdict.sentence,
                    "dropped": len(kept.verdict.dropped),
                    "outcome": kept.outcome,
                    "shape": [int(size) for size in series.shape],
                }
                for series, kept in zip(study.series, saved.series, strict=True)
            ),
        ],
    }


def _summary(found: Intake, documents: dict[int, Document], source: Path) -> str:
    series = [one for document in documents.values() for one in document["series"]]
    refused = sum(one["verdict"] == "refused" for one in series)
    parts = [_counted(len(documents), "study", "studies"), _counted(len(series), "series")]
    if refused:
        parts.append(f"{refused} refused")
    if found.skipped:
        parts.append(_skipped(found.skipped, source))
    return ", ".join(parts)


def _skipped(skipped: Iterable[Dropped], source: Path) -> str:
    """How many files were skipped and why, without a name or path, which may be a patient's."""
    reasons: dict[str, int] = {}
    for one in skipped:
        reason = _without_paths(one.reason, one.file, source)
        reasons[reason] = reasons.get(reason, 0) + 1
    told = "; ".join(f"{count} × {reason}" for reason, count in list(reasons.items())[:3])
    count = sum(reasons.values())
    return f"{_counted(count, 'file')} skipped ({told})" if count else ""


def _without_paths(reason: str, file: str, source: Path) -> str:
    named = (file, file.partition("#")[0], str(source))
    for one in named:
        reason = reason.replace(one, "a file")
    return re.sub(r"\S*/\S*", "a file", reason).rstrip(".")


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or (one if one == 'series' else one + 's')}"


def _teller(opened: OpenHome, claimed: Claim) -> Callable[[str], None]:
    last = 0.0

    def say(words: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= TELL_EVERY:
            last = now
            jobs.tell(opened.database, claimed, words)

    return say
