"""A report as a FHIR R4B Bundle, for systems that exchange reports."""

import json
from pathlib import Path
from typing import Any

from medmm.home import write_whole
from medmm.nouns import Report
from medmm.nouns.characters import escaped_json


class FhirExporter:
    """``--to fhir``: DiagnosticReport with all it refers to, as JSON."""

    def write(self, report: Report, path: Path) -> None:
        """Write the Bundle; the same report gives the same bytes.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        text = json.dumps(bundle(report), indent=1, ensure_ascii=False, allow_nan=False)
        write_whole(path, escaped_json(text).encode() + b"\n")


def bundle(report: Report) -> dict[str, Any]:
    """The Bundle of a report's last version.

    Its type is ``collection``: a ``document`` must begin with a Composition, whose author and
    attester would say more than an unsigned draft can (FHIR R4B, Documents), and a ``transaction``
    would tell a server what to do (Bundle).
    """
    from medmm.records.exporters.fhir import examined, measured, reported
    from medmm.records.exporters.fhir.naming import Naming, marked

    naming = Naming(report)
    resources = [
        examined.patient(naming),
        examined.imaging_study(naming),
        *measured.devices(naming),
        *measured.observations(naming),
        *reported.practitioners(naming),
        *reported.provenances(naming),
    ]
    # Last, since it tells what was replaced in all the others; first in the Bundle, since it is
    # what is sent.
    resources.insert(0, reported.diagnostic_report(naming))
    return {
        "resourceType": "Bundle",
        "id": naming.id("Bundle"),
        **marked(report),
        "type": "collection",
        "timestamp": report.last.created,
        "entry": [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
            for resource in resources
        ],
    }
