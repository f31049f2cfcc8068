"""Documents of knowledge that come as bytes from the page, and what of a document is never quoted.

The bytes are read as files are: by the readers, in their confined process.
"""

import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from sqlalchemy import select

from medmm import plugins
from medmm.assembly.acting import allowed, event_of, happened
from medmm.assembly.homes import OpenHome
from medmm.assembly.knowledge import AddRequest, embedder_of
from medmm.errors import InputError, LimitError, NotFoundError
from medmm.nouns.characters import visible
from medmm.records.access import Thing
from medmm.records.audit import record, sealing
from medmm.seams import DocumentReader
from rag import documents, incoming
from rag.safety import barred
from rag.tables import DocumentRow, PassageRow

Document = dict[str, Any]
MOST_BYTES = 32 * 1024**2
LONGEST_NAME = 120
LONGEST_FIELD = 200


def add_upload(opened: OpenHome, name: str, data: bytes, request: AddRequest) -> Document:
    """Add a document; one of the same name and domain replaces its earlier version.

    Raises:
        AccessError: who acts may not.
        LimitError: it is larger than `MOST_BYTES`.
        InputError: the name, the domain or a field is refused, or the file cannot be read or
            holds nothing to quote; nothing was changed.
        HomeError: the home cannot be written now.
    """
    allowed(opened, "add_knowledge")
    kept = file_name(name)
    domain = incoming.check_domain(request.domain)
    if len(data) > MOST_BYTES:
        raise LimitError(
            f"The file has {len(data):,} bytes.", f"Up to {MOST_BYTES:,} can be added here."
        )
    if max(len(request.version), len(request.licence)) > LONGEST_FIELD:
        raise InputError("The version or the licence is too long.", "Say it shorter.")
    loaded, _ = plugins.load_all("medmm.document_readers")
    readers: tuple[DocumentReader, ...] = tuple(loaded.values())
    with tempfile.TemporaryDirectory(prefix="upload-", dir=opened.path) as folder:
        path = Path(folder) / kept
        path.write_bytes(data)
        try:
            read = incoming.from_file(
                path, domain, readers, version=request.version, licence=request.licence
            )
        except InputError as error:
            # It names the file; who sent it knows it by its own name.
            error.message = error.message.replace(str(path), kept)
            raise
    # The temporary folder's name would make every upload a document of its own.
    read = replace(read, source=f"upload:{kept}")
    with sealing(opened.database, opened.home):
        added = documents.add_document(
            opened.database,
            embedder_of(opened),
            read,
            added_by=opened.by.actor.name,
            also=lambda session, one: record(
                session,
                event_of(
                    opened,
                    "add_knowledge",
                    Thing("document", one.document),
                    detail={"version": one.version, "count": one.passages, "sha256": read.sha256},
                ),
            ),
        )
    return {
        "document": added.document,
        "title": added.title,
        "version": added.version,
        "outcome": added.outcome,
        "passages": added.passages,
        "not_quoted": documents.count_barred(opened.database, added.document),
    }


def not_quoted(opened: OpenHome, number: int) -> list[Document]:
    """The passages of a document that are never quoted, each with the kind of thing that bars it.

    Raises:
        AccessError: who acts may not.
        NotFoundError: there is no such document.
    """
    thing = Thing("document", number)
    allowed(opened, "read", thing)
    wanted = select(PassageRow.place, PassageRow.text).where(PassageRow.document_id == number)
    with opened.database.read() as session:
        if session.get(DocumentRow, number) is None:
            raise NotFoundError(f"There is no document {number}.", "Load the list again.")
        passages = list(session.execute(wanted.order_by(PassageRow.place)))
    happened(opened, "read", thing)
    looked = ((place, text, barred(text)) for place, text in passages)
    return [
        {"passage": f"{number}.{place}", "why": why, "text": visible(text, keep="\n")}
        for place, text, why in looked
        if why is not None
    ]


def file_name(name: str) -> str:
    """The last part of a name that a browser sent, if it can be a file's.

    Raises:
        InputError: it cannot.
    """
    last = PurePosixPath(PureWindowsPath(name).name).name
    whole = unicodedata.normalize("NFC", last)
    if (
        not 0 < len(whole.encode("utf-8", "replace")) <= LONGEST_NAME
        or whole.startswith(".")
        or whole != visible(whole)
    ):
        raise InputError("The file's name cannot be kept.", "Give it a plain, shorter name.")
    return whole
