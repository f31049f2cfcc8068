"""Labelled questions on disk, in the layout of BEIR (Thakur et al. 2021, arXiv:2104.08663).

A folder holds ``corpus.jsonl`` (``_id``, ``title``, ``text``), ``queries.jsonl`` (``_id``,
``text``, and if you like ``metadata`` with ``domain``) and ``qrels/SPLIT.tsv`` (query, document,
grade, with a head line). Our own questions have no corpus of theirs: they ask the starter cards.
"""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

from medmm.errors import InputError
from medmm.nouns import Document
from rag.cards import starter_cards
from rag.incoming import Incoming, from_card
from rag.passages import content_hash

LONGEST_LINE = 20_000_000
"""Characters of one line; a longer one is no document."""


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A question, the grades of the documents that answer it, and its domain where it is told.

    Without any grade it is a question that no document answers.
    """

    id: str
    text: str
    grades: Mapping[str, int]
    domain: str = ""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Documents by id, and questions about them."""

    name: str
    split: str
    corpus: Mapping[str, Incoming]
    queries: tuple[LabelledQuery, ...]
    warnings: tuple[str, ...] = field(default=())


def own_questions(split: str = "") -> LabelledSet:
    """The questions that were written for the starter cards; ``split`` tuning or held_back."""
    folder = Path(str(files("rag") / "knowledge" / "questions"))
    corpus = {card.id: from_card(card) for card in starter_cards()}
    return _labelled("starter cards", folder, split, corpus)


def read_beir(folder: Path, split: str = "") -> LabelledSet:
    """A folder in BEIR's layout; ``split`` names a file in ``qrels`` (else test, or the only one).

    Raises:
        InputError: a file is missing or a line cannot be used.
    """
    corpus = {}
    for number, line in _lines(folder, "corpus.jsonl"):
        name = _text(line, "_id", folder, number)
        title, text = str(line.get("title") or ""), _text(line, "text", folder, number)
        corpus[name] = Incoming(
            source=name,
            document=Document(text, title, "text/markdown"),
            domain="general",
            sha256=content_hash(f"{title}\n{text}"),
        )
    return _labelled(folder.name, folder, split, corpus)


def _labelled(name: str, folder: Path, split: str, corpus: Mapping[str, Incoming]) -> LabelledSet:
    chosen = _split(folder, split)
    grades = _grades(folder / "qrels" / f"{chosen}.tsv")
    queries, unknown = [], 0
    for number, line in _lines(folder, "queries.jsonl"):
        query = _text(line, "_id", folder, number)
        told = line.get("metadata") or {}
        own = grades.get(query, {})
        unknown += sum(1 for document in own if document not in corpus)
        if query in grades or told.get("split") == chosen:
            known = {document: grade for document, grade in own.items() if document in corpus}
            text = _text(line, "text", folder, number)
            queries.append(LabelledQuery(query, text, known, str(told.get("domain") or "")))
    if not queries:
        raise InputError(f"{folder / 'qrels'} names none of the queries of {folder}.")
    warnings = (f"{unknown} labels name documents that are not there.",) if unknown else ()
    return LabelledSet(name, chosen, corpus, tuple(queries), warnings)


def _split(folder: Path, wanted: str) -> str:
    there = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
    if not there:
        raise InputError(
            f"{folder} has no qrels/*.tsv.",
            "Give a folder in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.",
        )
    if wanted and wanted not in there:
        raise InputError(f"{folder} has no split {wanted!r}.", f"There are: {', '.join(there)}.")
    return wanted or ("test" if "test" in there else there[0])


def _grades(path: Path) -> dict[str, dict[str, int]]:
    """Grades by query and document; those of 0 are no answer."""
    found: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if not row or (number == 1 and len(row) > 2 and not row[2].lstrip("-").isdigit()):
                continue
            try:
                query, document, grade = row[0], row[-2], int(row[-1])
            except (IndexError, ValueError):
                raise InputError(
                    f"Line {number} of {path} is not: query, document, grade."
                ) from None
            if grade > 0:
                found.setdefault(query, {})[document] = grade
    return found


def _lines(folder: Path, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, packed or not, with their line's number."""
    path = folder / name
    packed = folder / f"{name}.gz"
    if not path.is_file() and not packed.is_file():
        raise InputError(
            f"{path} is missing.",
            "Give a folder in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.",
        )
    with _opened(path, packed) as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            if line.strip():
                try:
                    value = json.loads(line)
                except ValueError:
                    value = None
                if not isinstance(value, dict):
                    raise InputError(f"Line {number} of {path} is no JSON object.")
                yield number, value


def _opened(path: Path, packed: Path) -> IO[str]:
    if path.is_file():
        return path.open(encoding="utf-8")
    return gzip.open(packed, "rt", encoding="utf-8")


def _text(line: Mapping[str, Any], key: str, folder: Path, number: int) -> str:
    value = line.get(key)
    if not isinstance(value, str | int) or value == "":
        raise InputError(f"Line {number} in {folder} has no {key}.")
    return str(value)
