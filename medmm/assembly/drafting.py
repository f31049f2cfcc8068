"""The main job with real parts: a study into a checked draft, recorded where there is a home."""

import logging
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session

from medmm import plugins
from medmm.assembly.acting import allowed, event_of, happened
from medmm.assembly.homes import OpenHome
from medmm.assembly.knowledge import HomeRetriever
from medmm.assembly.reading import keep, no_usable_series
from medmm.dicom import export
from medmm.drafting.asking import answer
from medmm.drafting.pipeline import Parts, measure, write_draft
from medmm.drafting.priors import judged_prior
from medmm.drafting.retrieving import asked_in_words, look_up
from medmm.errors import UsageError
from medmm.home import WRITING, FileStore
from medmm.nouns import Answer, Draft, Prior, Region, Study
from medmm.nouns.documents import measurements_of
from medmm.plugins import Problem
from medmm.records import reports, studies
from medmm.records.access import Thing
from medmm.records.audit import record, sealing
from medmm.seams import Expert

log = logging.getLogger("medmm.drafting")


def _silent(_: str) -> None:
    """Progress that nobody asked for."""


class MaskFolder:
    """A temporary folder that goes when the draft that owns it goes."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="medmm-draft-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True)
class DraftRequest:
    """What a user may ask of a draft; ``experts`` None means all that are there.

    ``knowledge`` False looks nothing up; without a home there is nothing to look in.
    """

    writer: str = "composer"
    experts: tuple[str, ...] | None = None
    indication: str | None = None
    knowledge: bool = True


def draft(
    study: Study,
    *,
    home: OpenHome | None = None,
    request: DraftRequest | None = None,
    prior: Study | None = None,
    progress: Callable[[str], None] = _silent,
    seconds_read: float = 0.0,
    also: Callable[[Session, int], object] | None = None,
) -> Draft:
    """A checked draft of a study; with a home it is recorded there as version 1 of a new report.

    Without a home nothing is kept: masks live in a temporary folder as long as the returned draft.
    ``also`` is done in the transaction that records the report, with its number.

    Raises:
        AccessError: who acts may not.
        NotFoundError: the study was erased meanwhile.
        InputError: no series of the study can be used, or the prior is no prior of it.
        PluginError: a named writer or expert is unknown or broken.
    """
    asked = request or DraftRequest()
    started = time.monotonic()
    if not study.usable:
        raise no_usable_series(study)
    parts, problems = _parts(asked)
    warnings = [problem.reason for problem in problems]
    if prior is not None and (doubt := judged_prior(study, prior)):
        warnings.append(doubt)
    if home is not None and study.id is None:
        number = keep(home, study).study_id
        study = studies.load_study(home.database, home.home, number)
    if home is not None:
        allowed(home, "draft", Thing("study", study.id or 0))
    retriever = HomeRetriever(home, progress) if home is not None and asked.knowledge else None
    with (
        tempfile.TemporaryDirectory(prefix="medmm-") as scratch,
        closing(retriever) if retriever else nullcontext(),
    ):
        made = write_draft(
            study,
            replace(parts, retriever=retriever),
            scratch=Path(scratch),
            indication=asked.indication,
            prior=_prior(prior, home, parts, Path(scratch)) if prior else None,
            warnings=warnings,
            progress=progress,
        )
    total = seconds_read + time.monotonic() - started
    made = replace(made, seconds={"read": seconds_read, **made.seconds, "total": total})
    if home is None:
        folder = MaskFolder()
        regions = _store_masks(made, study, FileStore(folder.path))
        return replace(made, regions=regions, folder=folder)
    # Whoever erases patients waits from the first mask until a row names it, or was before.
    with home.home.lock(WRITING, shared=True):
        studies.load_study(home.database, home.home, study.id or 0)
        made = replace(made, regions=_store_masks(made, study, home.home.files))
        recorded = _recorded(home, study.id or 0, made, also)
    log.info("drafted study=%s report=%s", study.id, recorded.report_id)
    return recorded


def _recorded(
    home: OpenHome,
    study_id: int,
    made: Draft,
    also: Callable[[Session, int], object] | None = None,
) -> Draft:
    """The draft as version 1 of a new report, with the event in the same transaction."""

    def note(session: Session, number: int) -> None:
        if also is not None:
            also(session, number)
        detail: dict[str, str | int] = {"study": study_id, "writer": made.writer.name}
        record(session, event_of(home, "draft", Thing("report", number), detail=detail))

    with sealing(home.database, home.home):
        return reports.save_draft(home.database, home.home, study_id, made, also=note)


def ask(study: Study, question: str, *, home: OpenHome | None = None) -> Answer:
    """An answer to a question about a study from what experts measured; it says what it cannot.

    With a home, the study is ingested there and its knowledge is asked, too, without what names
    the patient; an answer itself is not a report and is not recorded.

    Raises:
        AccessError: who acts may not.
        UsageError: the question is empty.
        InputError: no series of the study can be used.
    """
    if not question.strip():
        raise UsageError("The question is empty.", 'Ask for example "How large are the lungs?".')
    number = study.id
    if home is not None:
        if number is None:
            number = keep(home, study).study_id
        allowed(home, "ask", Thing("study", number))
    made = answer(question, draft(study))
    if home is None:
        return made
    happened(home, "ask", Thing("study", number or 0))
    with closing(HomeRetriever(home)) as retriever:
        passages, problem = look_up([asked_in_words(question, study)], retriever)
    if problem:
        log.warning("the knowledge could not be asked")
    return replace(made, retrieved=passages)


def _parts(asked: DraftRequest) -> tuple[Parts, tuple[Problem, ...]]:
    experts: dict[str, Expert]
    problems: tuple[Problem, ...] = ()
    if asked.experts is None:
        experts, problems = plugins.load_all("medmm.experts")
    else:
        experts = {name: plugins.load_one("medmm.experts", name) for name in asked.experts}
    return Parts(experts=experts, writer=plugins.load_one("medmm.writers", asked.writer)), problems


def _prior(study: Study, home: OpenHome | None, parts: Parts, scratch: Path) -> Prior:
    """The prior's measurements: from its last report, else measured now by the same experts."""
    report = None
    if home is not None and study.id is not None:
        report = reports.last_report_of(home.database, study.id)
    if report is not None:
        document = report.last.document
        labels = {region["id"]: region["label"] for region in document["regions"]}
        return Prior(study, measurements_of(document), labels, report.id)
    results, _ = measure(study, parts.experts, scratch=scratch)
    labels = {region.id: region.label for result in results for region in result.regions}
    return Prior(study, tuple(item for result in results for item in result.measurements), labels)


def _store_masks(made: Draft, study: Study, store: FileStore) -> tuple[Region, ...]:
    by_key = {(series.uid, series.key): series for series in study.series}
    stored = []
    for region in made.regions:
        path = region.mask_path
        if region.mask is not None:
            data, suffix = export.mask_file(region, by_key[region.series_uid, region.series_key])
            path = str(store.put(data, suffix).path)
        stored.append(replace(region, mask_path=path))
    return tuple(stored)
