"""Files into studies, and studies into a home."""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from medmm import ownership, plugins
from medmm.assembly.acting import allowed, event_of
from medmm.assembly.homes import OpenHome
from medmm.assembly.library import read_study
from medmm.dicom import intake
from medmm.errors import InputError, NotFoundError
from medmm.nouns import Facts, Study
from medmm.plugins import Problem
from medmm.records import studies
from medmm.records.access import Thing
from medmm.records.audit import record, sealing

ownership.check_packages()
log = logging.getLogger("medmm.reading")


@dataclass(frozen=True)
class Ingested:
    """What an ingest stored: the studies' numbers and what became of each series."""

    read: intake.Intake
    saved: tuple[studies.Saved, ...]


def read_all(
    sources: Sequence[str | Path], facts: Facts | None = None
) -> tuple[intake.Intake, tuple[Problem, ...]]:
    """Everything that the sources hold, refused series and skipped files included.

    Also returns the reader plug-ins that cannot be used.
    """
    readers, problems = plugins.load_all("medmm.image_readers")
    paths = [Path(source).absolute() for source in sources]
    return intake.read(paths, readers, facts or Facts()), problems


def read(
    source: str | Path,
    *,
    modality: str | None = None,
    body_part: str | None = None,
    spacing: tuple[float, ...] | None = None,
    fill: bool = False,
) -> Study:
    """The one study in a folder, zip or file.

    ``spacing`` is the gap between rows, columns and slices in mm, for files that do not say it;
    ``fill`` interpolates missing slices and says so.

    Raises:
        InputError: nothing usable is in it, or more than one study is.
    """
    found, _ = read_all([source], Facts(modality, body_part, spacing, fill))
    return only_study(found, Path(source))


def only_study(found: intake.Intake, source: Path) -> Study:
    """The single study of what was read.

    Raises:
        InputError: there is none, or there are several.
    """
    if not found.studies:
        raise nothing_read(found, source)
    if len(found.studies) > 1:
        uids = ", ".join(study.uid for study in found.studies[:3])
        more = ", ..." if len(found.studies) > 3 else ""
        raise InputError(
            f"{source} holds {len(found.studies)} studies ({uids}{more}).",
            "Ingest it, then draft one study at a time.",
            code="several-studies",
        )
    return found.studies[0]


def nothing_read(found: intake.Intake, source: Path) -> InputError:
    """Why a source gave no study, in one sentence."""
    if not found.skipped:
        return InputError(
            f"{source} is empty.", "Name a folder, zip or file with images.", code="empty"
        )
    first = found.skipped[0]
    more = f" (and {len(found.skipped) - 1} more)" if len(found.skipped) > 1 else ""
    return InputError(
        f"{source} holds no image that can be read: {Path(first.file).name}: {first.reason}{more}",
        code="no-images",
    )


def no_usable_series(study: Study, source: Path | None = None) -> InputError:
    """Why nothing of a study can be drafted, in one sentence."""
    reasons = [series.verdict.sentence for series in study.series]
    listed = " ".join(dict.fromkeys(reasons)) or "It has no series."
    where = str(source) if source else "this study"
    return InputError(f"No series of {where} can be used. {listed}", code="no-usable-series")


def ingest(opened: OpenHome, found: intake.Intake, progress: Callable[[str], None]) -> Ingested:
    """Store what was read; the same files again change nothing.

    Raises:
        AccessError: who acts may not.
        StorageError: the disk is full or failing; studies already stored are kept.
    """
    saved: list[studies.Saved] = []
    for study in found.studies:
        progress(f"storing study {len(saved) + 1} of {len(found.studies)}")
        saved.append(keep(opened, study))
    return Ingested(found, tuple(saved))


def keep(opened: OpenHome, study: Study) -> studies.Saved:
    """Store a study, with the event of it; the same files again change nothing, and are told.

    Raises:
        AccessError: who acts may not.
        StorageError: the disk is full or failing.
    """
    allowed(opened, "ingest")

    def note(session: Session, saved: studies.Saved) -> None:
        detail: dict[str, str | int] = {
            "code": "new" if saved.new else "known",
            "series": len(saved.series),
            "count": sum(one.outcome != "known" for one in saved.series),
        }
        thing = Thing("study", saved.study_id)
        record(session, event_of(opened, "ingest", thing, detail=detail))

    with sealing(opened.database, opened.home):
        saved = studies.save_study(opened.database, opened.home, study, also=note)
    log.info("ingested study=%d", saved.study_id)
    return saved


def obtain_study(
    opened: OpenHome, text: str, facts: Facts, progress: Callable[[str], None]
) -> tuple[Study, tuple[str, ...]]:
    """A study by number or UID, else by path (ingested first), and what should be told about it.

    A bare word that names a study of the home is that study; write ``./7`` for a folder "7".

    Raises:
        NotFoundError: neither a study of the home nor a path.
        InputError: the path holds no usable study, or several.
    """
    if "/" not in text:
        try:
            return read_study(opened, text), ()
        except NotFoundError:
            pass
    path = Path(text)
    if not os.path.exists(path):  # noqa: PTH110 - pathlib raises for a name that is too long
        raise NotFoundError(
            f"{text[:200]} is neither a study of {opened.path} nor a path.",
            "List the studies with: medmm studies",
        )
    progress(f"reading {path.name}")
    found, problems = read_all([path], facts)
    study = only_study(found, path)
    if not study.usable:
        raise no_usable_series(study, path)
    saved = ingest(opened, found, progress).saved[0]
    told = [problem.reason for problem in problems]
    told += [series.reason for series in saved.series if series.outcome == "conflict"]
    told += [f"skipped {Path(skipped.file).name}: {skipped.reason}" for skipped in found.skipped]
    return studies.load_study(opened.database, opened.home, saved.study_id), tuple(told)
