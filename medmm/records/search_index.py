"""The full text index over reports: FTS5 on SQLite, tsvector on PostgreSQL, the same answers.

Both hold the tokens of `medmm.records.words`, so neither database's own parser has a say. A report
has one row, that of its last version, written in the version's own transaction. The tables differ
by database, so the first migration makes them in SQL and no model stands for them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from medmm.records.words import Term, tokens

TABLE = "report_search"
# Between two sentences, so that no phrase is found across them; no token of a text looks like it.
_GAP = "\ue000"


def index_report(session: Session, report_id: int, sentences: Iterable[str]) -> None:
    """Make a report found by these sentences, and no longer by earlier ones."""
    if _is_postgres(session):
        session.execute(
            text(
                f"INSERT INTO {TABLE} (report_id, words) VALUES (:id, CAST(:words AS tsvector)) "  # noqa: S608
                "ON CONFLICT (report_id) DO UPDATE SET words = excluded.words"
            ),
            {"id": report_id, "words": _tsvector(sentences)},
        )
        return
    session.execute(text(f"DELETE FROM {TABLE} WHERE rowid = :id"), {"id": report_id})  # noqa: S608
    session.execute(
        text(f"INSERT INTO {TABLE} (rowid, words) VALUES (:id, :words)"),  # noqa: S608
        {"id": report_id, "words": f" {_GAP} ".join(" ".join(tokens(one)) for one in sentences)},
    )


def find_reports(session: Session, wanted: Sequence[Term], limit: int) -> list[int]:
    """Numbers of the reports that hold all terms, newest first; none where there is no term."""
    if not wanted:
        return []
    if _is_postgres(session):
        query = (
            f"SELECT report_id FROM {TABLE} WHERE words @@ CAST(:query AS tsquery) "  # noqa: S608
            "ORDER BY report_id DESC LIMIT :limit"
        )
        terms = " & ".join(_tsquery(term) for term in wanted)
    else:
        query = (
            f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH :query "  # noqa: S608
            "ORDER BY rowid DESC LIMIT :limit"
        )
        terms = " AND ".join(_fts5(term) for term in wanted)
    return list(session.scalars(text(query), {"query": terms, "limit": limit}))


def indexed_reports(session: Session) -> set[int]:
    """Numbers of all reports that the index holds."""
    column = "report_id" if _is_postgres(session) else "rowid"
    return set(session.scalars(text(f"SELECT {column} FROM {TABLE}")))  # noqa: S608


def _is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _tsvector(sentences: Iterable[str]) -> str:
    """Tokens with their positions in PostgreSQL's own notation; tokens are letters and digits."""
    places: dict[str, list[int]] = defaultdict(list)
    place = 0
    for sentence in sentences:
        for token in tokens(sentence):
            place += 1
            places[token].append(place)
        place += 1
    return " ".join(f"'{token}':{','.join(map(str, at))}" for token, at in places.items())


def _tsquery(term: Term) -> str:
    words = [f"'{token}'" for token in term.tokens]
    return " <-> ".join(words) + (":*" if term.prefix else "")


def _fts5(term: Term) -> str:
    return f'"{" ".join(term.tokens)}"' + (" *" if term.prefix else "")
