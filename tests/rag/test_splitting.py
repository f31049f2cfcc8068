"""The laws of pieces: exact offsets, order, cover, limit; and where pieces begin and end."""

import itertools
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medmm.errors import UsageError
from medmm.nouns import Document
from rag.cards import starter_cards
from rag.reading.blocks import blocks
from rag.splitting import Piece, split

SENTENCES = " ".join(
    f"Sentence {n} speaks of a 3.5 mm nodule, as e.g. seen here." for n in range(9)
)


def words(text: str) -> int:
    return len(text.split())


def tokens(text: str) -> int:
    """Like a subword tokenizer: long words are several tokens, ends cost two."""
    return 2 + sum(1 + len(word) // 4 for word in re.findall(r"\w+|\S", text))


def letters(text: str) -> int:
    return len(text.encode())


def pieces(text: str, limit: int = 20, count=words, pages: tuple[int, ...] = ()) -> list[Piece]:
    return split(Document(text, media_type="text/markdown", pages=pages), count, limit)


def texts(text: str, limit: int = 20) -> list[str]:
    return [piece.text for piece in pieces(text, limit)]


def check_laws(text: str, found: list[Piece], count, limit: int) -> None:
    at = 0
    headings = [(block.start, block.end) for block in blocks(text) if block.kind == "heading"]
    covered = list(headings)
    for piece in found:
        assert piece.text == text[piece.start : piece.end]
        assert piece.text.strip() == piece.text != ""
        assert at <= piece.start < piece.end
        assert count(piece.text) <= limit or len(piece.text.split()) == 1
        assert not any(start < piece.end and piece.start < end for start, end in headings)
        covered.append((piece.start, piece.end))
        at = piece.end
    ends = [0, *itertools.chain.from_iterable(sorted(covered)), len(text)]
    for start, end in zip(ends[::2], ends[1::2], strict=True):
        assert not text[start:end].strip()


LINE = st.one_of(
    st.sampled_from([
        "", "", "# One", "## Two  ##", "###### Six", "Under\n===", "Under\n---", "---", "> q", ">",
        "- item", "  - deeper", "    deep", "\tx", "* ", "1. first", "10) tenth", "- - a", "- # no",
        "```", "~~~ py", "| a | b |", "| --- | --- |", "| 1 | 2 |", "a | b", "--- | ---", "<div>",
        "</div>", "<!-- c", "-->", "[a]: /b 'c'", "word " * 30, "x" * 60, "\\# x", "a  ", "&amp;",
        "One. Two! Three? Four; five, six: seven.", "一。二！三？" * 5, "\u00a0",
        "e\u0301", "\x0b", "\x1c",
    ]),
    st.text(max_size=30),
)  # fmt: skip
MARKDOWN = st.tuples(
    st.lists(LINE, max_size=25), st.sampled_from(["\n", "\r\n", "\n\n", "\r"])
).map(lambda parts: parts[1].join(parts[0]))


@settings(max_examples=400, deadline=None)
@given(MARKDOWN, st.sampled_from([words, tokens, letters]), st.integers(1, 60))
@example("| a | b |\n| --- | --- |\n" + "| 1 | 2 |\n" * 9 + "tail", words, 12)
@example("- a\n\n      code\n\n  tail\n- # b\n", words, 1)
def test_offsets_cover_and_limit_hold(text, count, limit):
    check_laws(text, pieces(text, limit, count), count, limit)


@settings(max_examples=150, deadline=None)
@given(st.text(), st.integers(1, 30))
def test_the_laws_hold_for_any_text(text, limit):
    check_laws(text, pieces(text, limit, letters), letters, limit)


def test_the_cards_are_cut_by_their_headings():
    for card in starter_cards():
        found = pieces(card.body, 256, tokens)
        check_laws(card.body, found, tokens, 256)
        assert {piece.headings for piece in found} == {
            (heading,) for heading in re.findall(r"^## (.+)$", card.body, re.MULTILINE)
        }


def test_headings_begin_pieces_and_nest():
    found = pieces(
        "before\n\n# A\n\na\n\n## B\n\nb\n\n### *C* [d](e)\n\nc\n\n## D\n\nd\n\n# E\n\ne"
    )
    assert [(piece.text, piece.headings) for piece in found] == [
        ("before", ()),
        ("a", ("A",)),
        ("b", ("A", "B")),
        ("c", ("A", "B", "C d")),
        ("d", ("A", "D")),
        ("e", ("E",)),
    ]


def test_blocks_under_a_heading_are_packed():
    assert texts("one two\n\nthree\n\nfour five six", 3) == ["one two\n\nthree", "four five six"]


def test_a_list_is_cut_between_items():
    assert texts("- a b\n- c d\n- e f\n- g h", 6) == ["- a b\n- c d", "- e f\n- g h"]
    nested = "- a b\n  - c d\n  - e f\n- g"
    assert texts(nested, 6) == ["- a b\n  - c d", "- e f\n- g"]


def test_a_table_is_cut_between_rows_and_names_its_header():
    rows = "\n".join(f"| {n} | x |" for n in range(6))
    found = pieces(f"| Size | Advice |\n| --- | --- |\n{rows}\n\nafter", 20)
    assert [piece.text.count("\n") + 1 for piece in found] == [4, 3, 1, 1]
    assert [piece.table_header for piece in found] == [
        "", "| Size | Advice |", "| Size | Advice |", "",
    ]  # fmt: skip
    assert found[0].text.startswith("| Size | Advice |\n| --- | --- |\n| 0 | x |")
    assert found[-1].text == "after"
    assert all(words(piece.table_header) + words(piece.text) <= 20 for piece in found)


def test_a_table_that_fits_is_whole():
    text = "intro\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert texts(text) == [text]


def test_prose_is_cut_between_sentences():
    found = texts(SENTENCES, 25)
    assert len(found) > 3
    assert all(part.endswith("here.") for part in found)
    assert " ".join(found) == SENTENCES


def test_a_long_sentence_never_splits_a_number():
    found = texts("about 3.5 mm and 4.25 cm " * 20, 7)
    assert all(not part.endswith(("3.", "4.")) for part in found)


def test_code_is_cut_between_lines():
    code = "```\n" + "\n".join(f"line {n} of code" for n in range(6)) + "\n```"
    assert [part.split("\n")[-1] for part in texts(code, 10)][:2] == [
        "line 1 of code", "line 3 of code",
    ]  # fmt: skip


def test_only_a_single_word_is_longer_than_the_limit():
    code = f"```\nab {'x' * 50} cd\n```"
    found = [piece.text for piece in pieces(code, 8, letters)]
    assert found == ["```", "ab", "x" * 50, "cd", "```"]


def test_pages_are_those_where_pieces_begin():
    text = "one two\n\nthree four\n\nfive six"
    found = pieces(text, 2, pages=(0, 9, 9, 21))
    assert [piece.page for piece in found] == [1, 3, 4]
    assert [piece.page for piece in pieces(text, 2)] == [None] * 3


def test_a_chunk_that_cannot_be_placed_falls_back_to_words(monkeypatch):
    from llama_index.core.node_parser import SentenceSplitter

    monkeypatch.setattr(SentenceSplitter, "split_text", lambda *_: ["Sentence 0", "not there"])
    found = pieces(SENTENCES, 5)
    check_laws(SENTENCES, found, words, 5)
    assert found[0].text == "Sentence 0"


def test_nothing_is_asked_of_the_network(monkeypatch):
    import socket

    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setenv("NLTK_DATA", "/nowhere")
    assert len(texts(SENTENCES, 10)) > 5


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(UsageError, match="0 tokens"):
        pieces("a", 0)


def test_a_document_of_headings_has_no_pieces():
    assert pieces("# A\n\n## B\n") == []
