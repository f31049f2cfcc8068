"""A report as the contract's JSON document."""

import json
from pathlib import Path

from medmm.home import write_whole
from medmm.nouns import Report
from medmm.nouns.characters import escaped_json


class JsonExporter:
    """``--to json``: the last version's document with the report's present status."""

    def write(self, report: Report, path: Path) -> None:
        """Write the document, indented, in UTF-8; hidden characters stand as escapes.

        Raises:
            StorageError: the disk is full, read-only or failing.
        """
        document = {**report.last.document, "status": report.status}
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        write_whole(path, escaped_json(text).encode() + b"\n")
