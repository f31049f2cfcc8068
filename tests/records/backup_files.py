"""Backups taken apart and put together again, right but for what a test makes wrong."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from medmm import home as home_module
from medmm.database import Database
from medmm.nouns.documents import canonical_bytes
from medmm.records import migrations
from medmm.records.backup import format as form

Members = dict[str, bytes]


def members(file: Path) -> Members:
    """Name and bytes of each member, in order; the last one, the hash, is made anew by `put`."""
    with tarfile.open(file) as tar:
        found = {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]
    del found[form.LAST]
    return found


def put(parts: Members, target: Path, headers: Callable[[str, int], bytes] = form.header) -> None:
    """Write members as a backup whose first and last are right for all others."""
    parts = {**parts, form.FIRST: form.first_bytes(parts[form.MANIFEST])}
    whole = b"".join(
        headers(name, len(data)) + data + form.padding(len(data)) for name, data in parts.items()
    )
    told = hashlib.sha256(whole).hexdigest().encode()
    target.write_bytes(
        whole + form.header(form.LAST, len(told)) + told + form.padding(len(told)) + form.END
    )


def manifest_of(parts: Members) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(parts[form.MANIFEST])
    return found


def with_manifest(parts: Members, change: Callable[[dict[str, Any]], object]) -> Members:
    """The same with a changed manifest."""
    found = manifest_of(parts)
    change(found)
    return {**parts, form.MANIFEST: canonical_bytes(found) + b"\n"}


def rows_in(parts: Members, table: str) -> list[Any]:
    data = gzip.decompress(parts[f"tables/{table}.jsonl.gz"])
    return [json.loads(line) for line in data.splitlines()]


def with_rows(parts: Members, table: str, rows: list[Any], **said: Any) -> Members:
    """The same with other rows of a table; the manifest says the truth but for ``said``."""
    name = f"tables/{table}.jsonl.gz"
    packed, told = _pack(rows)

    def change(found: dict[str, Any]) -> None:
        entry = next(one for one in found["tables"] if one["name"] == table)
        entry["packed"] = told | said

    return with_manifest({**parts, name: packed}, change)


def with_files(parts: Members, listed: list[Any]) -> Members:
    """The same with another list of files."""
    packed, told = _pack(listed)

    def change(found: dict[str, Any]) -> None:
        found["files"] = told
        found["file_bytes"] = sum(size for _, _, size in listed)

    return with_manifest({**parts, form.FILES: packed}, change)


def listed_in(parts: Members) -> list[Any]:
    return [json.loads(line) for line in gzip.decompress(parts[form.FILES]).splitlines()]


def at_revision(revision: str, file: Path, target: Path, folder: Path) -> None:
    """A backup as the version of that schema would have made it of the same home."""
    database = Database(f"sqlite:///{folder / 'at-revision.db'}")
    home = home_module.prepare(folder / "at-revision")
    migrations.ensure(database, home)
    migrations.downgrade(database, home, revision)
    with database.read() as session:
        there = inspect(session.connection())
        columns = {
            name: {column["name"] for column in there.get_columns(name)}
            for name in there.get_table_names()
        }
    database.close()
    parts = members(file)
    for table in manifest_of(parts)["tables"]:
        name = table["name"]
        if name not in columns:
            parts = with_manifest(parts, _without(name))
            del parts[f"tables/{name}.jsonl.gz"]
            continue
        kept = [
            place for place, column in enumerate(table["columns"]) if column[0] in columns[name]
        ]
        cut = [[row[place] for place in kept] for row in rows_in(parts, name)]
        parts = with_manifest(with_rows(parts, name, cut), _cut_columns(name, kept))
    put(with_manifest(parts, lambda found: found.update(revision=revision)), target)


def _without(name: str) -> Callable[[dict[str, Any]], object]:
    def change(found: dict[str, Any]) -> None:
        found["tables"] = [one for one in found["tables"] if one["name"] != name]

    return change


def _cut_columns(name: str, kept: list[int]) -> Callable[[dict[str, Any]], object]:
    def change(found: dict[str, Any]) -> None:
        entry = next(one for one in found["tables"] if one["name"] == name)
        entry["columns"] = [entry["columns"][place] for place in kept]

    return change


def _pack(lines: list[Any]) -> tuple[bytes, dict[str, Any]]:
    plain = b"".join(json.dumps(one).encode() + b"\n" for one in lines)
    out = io.BytesIO()
    with gzip.GzipFile("", "wb", 6, out, mtime=0) as packing:
        packing.write(plain)
    data = out.getvalue()
    return data, {
        "lines": len(lines), "size": len(plain), "stored": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
