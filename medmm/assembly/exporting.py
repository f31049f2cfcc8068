"""A recorded report leaves in a format that a plug-in writes."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from medmm import plugins
from medmm.assembly.acting import allowed, happened, report_thing
from medmm.assembly.homes import OpenHome
from medmm.home import storage_error
from medmm.records import reports, studies
from medmm.seams import Exporter

log = logging.getLogger("medmm.exporting")


def export_report(opened: OpenHome, number: int, form: str, path: Path) -> None:
    """Write a report's last version to ``path`` as ``form``.

    Raises:
        NotFoundError: no such report.
        PluginError: nothing here writes that form.
        StorageError: the file cannot be written.
    """
    exporter: Exporter = plugins.load_one("medmm.exporters", form)
    thing = report_thing(opened, number)
    allowed(opened, "export", thing)
    report = reports.load_report(opened.database, number)
    last = replace(report.last, document=reports.shown(opened.home, report.last.document))
    study = studies.load_study(opened.database, opened.home, report.study_id)
    whole = replace(report, versions=(*report.versions[:-1], last), study=study)
    path = path.absolute()
    # A file gets its name only once it is recorded that it left.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with _told_of(path):
            exporter.write(whole, part)
        happened(opened, "export", thing, format=form, version=last.number, sha256=last.sha256)
        with _told_of(path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    log.info("exported report=%d form=%s", number, form)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Tell the disk's refusals of the file that was asked for."""
    try:
        yield
    except OSError as error:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise storage_error(cause, path) from error
