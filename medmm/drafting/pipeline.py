"""The one way from a study to a draft: experts measure, a writer writes, the checks decide."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medmm.drafting.checks import run_checks
from medmm.drafting.retrieving import retrieve
from medmm.drafting.running import measure, never, silent
from medmm.nouns import Case, Draft, Prior, Study
from medmm.seams import Expert, Retriever, Writer

__all__ = ["Parts", "measure", "write_draft"]


@dataclass(frozen=True)
class Parts:
    """What a draft is made with: experts by name, a writer, and knowledge if there is any."""

    experts: Mapping[str, Expert]
    writer: Writer
    retriever: Retriever | None = None


class _Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started

    def total(self) -> dict[str, float]:
        return {**self.seconds, "total": time.monotonic() - self.started}


def write_draft(
    study: Study,
    parts: Parts,
    *,
    scratch: Path,
    indication: str | None = None,
    prior: Prior | None = None,
    warnings: Sequence[str] = (),
    progress: Callable[[str], None] = silent,
    cancelled: Callable[[], bool] = never,
    threads: int = 1,
    deadline_seconds: float | None = None,
) -> Draft:
    """A checked draft of one study; the same study and parts give the same statements.

    An expert that refuses or fails is recorded with its reason and the draft goes on.
    ``deadline_seconds`` is the time that all experts have together; one that has no time left
    counts as failed. ``seconds`` of the draft has experts, retrieve, write, check and total; the
    caller, who read the study, adds read.

    Raises:
        CancelledError: ``cancelled`` said so.
    """
    watch = _Stopwatch()
    said = list(warnings)
    deadline = None if deadline_seconds is None else watch.started + deadline_seconds
    with watch.stage("experts"):
        results, runs = measure(
            study,
            parts.experts,
            scratch=scratch,
            deadline=deadline,
            threads=threads,
            progress=progress,
            cancelled=cancelled,
        )
    with watch.stage("retrieve"):
        passages, problem = retrieve(results, study, parts.retriever)
        said += [problem] if problem else []
    case = Case(study, results, runs, passages, indication, prior)
    progress("writing")
    with watch.stage("write"):
        statements = parts.writer.write(case)
    progress("checking")
    with watch.stage("check"):
        checked = run_checks(statements, case)
    return Draft(
        study_uid=study.uid,
        statements=checked.statements,
        writer=parts.writer.info,
        findings=tuple(one for result in results for one in result.findings),
        measurements=tuple(one for result in results for one in result.measurements),
        regions=tuple(one for result in results for one in result.regions),
        experts=runs,
        retrieved=passages,
        checks=checked.checks,
        warnings=tuple(said),
        seconds=watch.total(),
    )
