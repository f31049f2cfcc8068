"""Work asked for from the page: rights asked, an event left, a job that waits for the worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.orm import Session

from medmm import ownership, plugins
from medmm.assembly import ingest_folders, upload_folders
from medmm.assembly.acting import allowed, event_of
from medmm.assembly.homes import OpenHome
from medmm.assembly.job_work import automatic_prior
from medmm.assembly.worklist import shown_name
from medmm.errors import AccessError, InputError
from medmm.nouns.characters import visible
from medmm.records import jobs, studies, worklist_rows
from medmm.records.access import Action, Thing, can
from medmm.records.audit import record, sealing
from medmm.records.jobs import Asked, Job

ownership.check_packages()
Document = dict[str, Any]
LONGEST_INDICATION = 4000
SHOWN = 12
SHOWN_FOR = timedelta(hours=12)
"""How long a job that ended is shown: as long as a session may last."""


@dataclass(frozen=True)
class DraftWish:
    """What somebody wants of a draft. ``prior`` is "automatic", "none", or a study's number."""

    writer: str = "composer"
    experts: tuple[str, ...] | None = None
    indication: str = ""
    prior: Literal["automatic", "none"] | int = "automatic"
    knowledge: bool = True


def start_draft(opened: OpenHome, study: int, wish: DraftWish) -> Document:
    """Let a draft of a study wait for the worker.

    Raises:
        AccessError: who acts may not.
        NotFoundError: there is no such study.
        InputError: it is being drafted already, the prior is not of this patient, or a writer or
            expert is not there.
    """
    thing = Thing("study", study)
    allowed(opened, "draft", thing)
    _refuse_unknown(opened, study, wish)
    words = {
        "writer": wish.writer,
        "experts": None if wish.experts is None else list(wish.experts),
        "indication": wish.indication.strip(),
        "knowledge": wish.knowledge,
        "prior": wish.prior if isinstance(wish.prior, str) else "chosen",
    }
    prior = wish.prior if isinstance(wish.prior, int) else None
    return _enqueued(opened, "draft", thing, _asked(opened, "draft", words, study, prior))


def start_upload(opened: OpenHome, folder: Path, files: int) -> Document:
    """Let uploaded files wait to be taken in.

    Raises:
        AccessError: who acts may not.
    """
    allowed(opened, "ingest")
    words = {"folder": folder.name, "files": files}
    return _enqueued(opened, "ingest", None, _asked(opened, "upload", words))


def start_folder(opened: OpenHome, root: int, inside: str) -> Document:
    """Let a folder of this machine wait to be taken in.

    Raises:
        AccessError: who acts may not, or the folder is not one that an admin allowed.
        NotFoundError: it is not there.
    """
    allowed(opened, "ingest")
    ingest_folders.resolved(opened.home, root, inside)
    words = {"root": root, "inside": inside}
    return _enqueued(opened, "ingest", None, _asked(opened, "folder", words))


def cancel_job(opened: OpenHome, number: int) -> Document:
    """Cancel a job of one's own; an admin cancels anybody's.

    Raises:
        AccessError: it is somebody else's.
        NotFoundError: there is no such job.
        InputError: it has ended.
    """
    allowed(opened, "list")
    actor, job = opened.by.actor, jobs.find(opened.database, number)
    if job.owner != actor.name and actor.role != "admin":
        raise AccessError("This was asked for by somebody else.", "Ask them, or an admin.")
    action: Action = "draft" if job.kind == "draft" else "ingest"
    thing = Thing("study", job.study_id) if job.study_id is not None else None

    def note(session: Session, _: Job) -> None:
        record(session, event_of(opened, action, thing, detail={"code": "cancelled"}))

    with sealing(opened.database, opened.home):
        cancelled = jobs.cancel(opened.database, number, note)
    upload_folders.sweep(opened)
    return job_document(cancelled)


def shown_jobs(opened: OpenHome) -> list[Document]:
    """The jobs of who acts, those that wait or run first; for an admin those of all.

    Each has the name of the patient whose study it drafts.

    Raises:
        AccessError: who acts may not list.
    """
    allowed(opened, "list")
    actor = opened.by.actor
    owner = None if actor.role == "admin" else actor.name
    since = datetime.now(UTC) - SHOWN_FOR
    found = jobs.listed(opened.database, owner=owner, since=since, limit=SHOWN)
    with opened.database.read() as session:
        names = worklist_rows.names(session, [job.study_id for job in found if job.study_id])
    return [
        job_document(job) | {"patient_name": shown_name(names.get(job.study_id or 0, ""))}
        for job in found
    ]


def shown_results(opened: OpenHome, number: int) -> Document:
    """A job with what became of each series of each study that it took in.

    Raises:
        AccessError: who acts may not list, or it is somebody else's.
        NotFoundError: there is no such job.
    """
    allowed(opened, "list")
    actor, job = opened.by.actor, jobs.find(opened.database, number)
    if job.owner != actor.name and actor.role != "admin":
        raise AccessError("This was asked for by somebody else.")
    found = jobs.results(opened.database, number)
    studies_of = [
        {
            "id": study,
            "new": document["new"],
            "warnings": [visible(one) for one in document["warnings"]],
            "series": [_series(one) for one in document["series"]],
        }
        for study, document in found.items()
    ]
    return job_document(job) | {"studies": studies_of}


def may(opened: OpenHome, action: Action) -> bool:
    """Whether who acts may do it at all, to offer it or not; nothing is recorded."""
    thing = {"draft": Thing("study", 0), "acknowledge": Thing("report", 0)}.get(action)
    return can(opened.by.actor, action, thing)


def draft_choices(opened: OpenHome, study: int) -> Document:
    """What a draft of a study can be made with: writers, experts, earlier studies.

    Raises:
        AccessError: who acts may not draft it.
        NotFoundError: there is no such study.
    """
    allowed(opened, "draft", Thing("study", study))
    loaded = studies.load_study(opened.database, opened.home, study)
    others = studies.studies_of_patient(opened.database, study)
    return {
        "study": study,
        "patient_name": shown_name(loaded.patient.name),
        "description": visible(loaded.description),
        "date": visible(loaded.date[:10]),
        "usable": len(loaded.usable),
        "writers": [one.name for one in plugins.found("medmm.writers")],
        "experts": [one.name for one in plugins.found("medmm.experts")],
        "automatic": automatic_prior(opened, loaded),
        "priors": [
            {
                "id": one.id,
                "date": visible(one.date[:10]),
                "modalities": [visible(kind) for kind in one.modalities],
                "description": visible(one.description),
            }
            for one in others
            if not (one.date and loaded.date and one.date[:10] > loaded.date[:10])
        ],
    }


def job_document(job: Job) -> Document:
    """A job for people; a ``draft`` has its study, and its report once it is done."""
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status,
        "owner": visible(job.owner),
        "study": job.study_id,
        "report": job.report_id,
        "progress": visible(job.progress),
        "error": visible(job.error),
        "created": job.created.isoformat(timespec="seconds"),
        "ended": job.ended.isoformat(timespec="seconds") if job.ended else None,
    }


def _asked(
    opened: OpenHome,
    kind: jobs.Kind,
    words: Mapping[str, Any],
    study: int | None = None,
    prior: int | None = None,
) -> Asked:
    return Asked(kind, opened.by.actor.name, opened.by.origin, words, study, prior)


def _enqueued(opened: OpenHome, action: Action, thing: Thing | None, asked: Asked) -> Document:
    def note(session: Session, _: Job) -> None:
        record(session, event_of(opened, action, thing, detail={"code": "asked"}))

    with sealing(opened.database, opened.home):
        return job_document(jobs.enqueue(opened.database, asked, note))


def _refuse_unknown(opened: OpenHome, study: int, wish: DraftWish) -> None:
    if len(wish.indication) > LONGEST_INDICATION:
        raise InputError(f"The indication has more than {LONGEST_INDICATION} characters.")
    for group, names in (("writers", (wish.writer,)), ("experts", wish.experts or ())):
        known = {one.name for one in plugins.found(f"medmm.{group}")}
        if not known.issuperset(names):
            raise InputError(f"There is no such one among the {group}.", "Choose again.")
    if wish.experts is not None and not wish.experts:
        raise InputError("No expert is chosen.", "Choose one, or all.", code="no-expert")
    if isinstance(wish.prior, int):
        others = {one.id for one in studies.studies_of_patient(opened.database, study)}
        if wish.prior not in others:
            raise InputError("The prior is not a study of this patient.", "Choose another.")


def _series(one: Mapping[str, Any]) -> Document:
    return {
        "modality": visible(one["modality"]),
        "description": visible(one["description"]),
        "verdict": one["verdict"],
        "sentence": visible(one["sentence"]),
        "dropped": one["dropped"],
        "outcome": one["outcome"],
        "shape": " × ".join(str(size) for size in one["shape"]),
    }
