"""Reports are found by their words, the same on both databases, whatever a user types."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medmm.records import reports, studies
from medmm.records.words import terms, tokens
from tests.records.builders import draft, study
from tests.records.conftest import Opened

REPORTS = [
    ["The right lung measures 2.31 L.", "No pleural effusion."],
    ["There is a solid nodule of 8.4 mm in the right lower lobe.", "The left lung is clear."],
    ["Multiple nodules in both lungs.", "Long axis 16.8 mm, short axis 11.6 mm."],
    ["T2-weighted images: hyperintense lesion.", "Émphysème of the upper lobes (5 %)."],
    ["右肺有一个结节。", "Mass of 3 cm; masses elsewhere are not seen."],
    ["Pleural", "effusion on the right; lung base only."],
]

QUERIES: list[tuple[str, list[int]]] = [
    ("nodule", [3, 2]),
    ("NODULES", [3, 2]),
    ("nodul*", [3, 2]),
    ("nod*  lobe", [2]),
    ("right lung", [6, 2, 1]),
    ('"right lung"', [6, 1]),
    ('"lower lobe"', [2]),
    ('"lobe lower"', []),
    ('"right low"*', [2]),
    ('"pleural effusion"', [1]),
    ("pleural effusion", [6, 1]),
    ("2.31", [1]),
    ("31.2", []),
    ("16.8 mm", [3]),
    ("axis", [3]),
    ("axis*", [3]),
    ("T2", [4]),
    ("t2-weighted", [4]),
    ("weighted T2", [4]),
    ("emphyseme", [4]),
    ("ÉMPHYSÈME", [4]),
    ("e\u0301mphyse\u0300me", [4]),
    ("结节", [5]),
    ("节结", []),
    ("mass", [5]),
    ("masses", [5]),
    ("upper lobe", [4]),
    ("lung NOT right", []),
    ("left OR right", []),
    ("words:nodule", []),
    ("nothing", []),
    ("", []),
    ("   ", []),
    ('"', []),
    ("*", []),
    ("(", []),
    ("'; DROP TABLE reports; --", []),
    ("nodule)", [3, 2]),
    ('"nodule', [3, 2]),
    ("nodule & !lung", [3, 2]),
    ("nodule | 'lung':*", [3, 2]),
    ("^nodule", [3, 2]),
    ("lung\0nodule", []),
    ("{nodule} + \\ -lung", [3, 2]),
]


@pytest.fixture
def filled(opened: Opened) -> Opened:
    studies.save_study(opened.database, opened.home, study())
    for texts in REPORTS:
        reports.save_draft(opened.database, opened.home, 1, draft(texts=texts))
    return opened


def test_every_query_finds_the_same_reports_on_both_databases(filled: Opened) -> None:
    database = filled.database
    found = [(query, [hit.id for hit in reports.search(database, query)]) for query, _ in QUERIES]
    assert found == QUERIES


def test_a_hit_shows_the_sentence_that_answers_best(filled: Opened) -> None:
    (hit,) = reports.search(filled.database, 'nodule "lower lobe"')
    assert hit.snippet == REPORTS[1][0]
    marked = [hit.snippet[start:end] for start, end in hit.marks]
    assert marked == ["nodule", "lower", "lobe"]
    assert (hit.study_id, hit.study_uid, hit.status, hit.version) == (1, "1.2.3", "draft", 1)


def test_marks_fit_a_snippet_with_decomposed_letters(filled: Opened) -> None:
    reports.save_draft(
        filled.database, filled.home, 1, draft(texts=["E\u0301tude: ate\u0301lectasie basale."])
    )
    (hit,) = reports.search(filled.database, "atelectasie")
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["at\u00e9lectasie"]


def test_a_search_gives_no_more_than_its_limit(filled: Opened) -> None:
    assert [hit.id for hit in reports.search(filled.database, "lung", limit=2)] == [6, 3]


@given(st.text(max_size=30) | st.text("\"*()&|!:'\\ <->ab", max_size=20))
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_is_a_syntax_error(filled: Opened, query: str) -> None:
    reports.search(filled.database, query)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_text_is_found_by_itself_and_by_its_beginnings(text: str) -> None:
    sequence = tokens(text)
    quoted = terms('"' + text.replace('"', " ") + '"')
    assert [list(term.tokens) for term in quoted] == ([sequence] if sequence else [])
    for token in sequence:
        assert token.isalnum()
        (found,) = terms(token + "*") or [None]
        assert found is not None
        assert token.startswith(found.tokens[0]) or len(found.tokens) > 1
