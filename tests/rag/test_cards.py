"""Every starter card has a whole header, cites something, and says nothing of a patient."""

import re
from collections import Counter

import pytest

from medmm.errors import InputError
from rag.cards import DOMAINS, KINDS, LICENCE, KnowledgeCard, read_card, starter_cards

CARDS = list(starter_cards())
DOI = re.compile(r"^10\.\d{4,9}/\S+$")
# A citation in full has a year, and a name or a body before its title.
YEAR = re.compile(r"\b(19|20)\d{2}\b")


def test_there_are_at_least_eighty_over_all_domains():
    counts = Counter(card.domain for card in CARDS)
    assert sum(counts.values()) >= 80
    assert set(counts) == set(DOMAINS)
    assert min(counts.values()) >= 8


def test_titles_are_of_one_card_each():
    assert len({card.title for card in CARDS}) == len(CARDS)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_card_is_whole(card: KnowledgeCard):
    assert card.licence == LICENCE
    assert card.version
    assert card.kinds
    assert set(card.kinds) <= set(KINDS)
    assert 2 <= len(card.findings) <= 6
    assert all(2 <= len(word) <= 60 and word == word.strip() for word in card.findings)
    headings = re.findall(r"^## (.+)$", card.body, re.MULTILINE)
    assert [heading.lower() for heading in headings] == list(card.kinds)
    words = len(card.body.split())
    assert 100 <= words <= 330, words


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_card_names_its_sources_in_full(card: KnowledgeCard):
    assert 1 <= len(card.sources) <= 4
    for source in card.sources:
        assert len(source.text) > 40
        assert YEAR.search(source.text)
        assert not source.doi or DOI.match(source.doi)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_card_speaks_of_knowledge_and_of_no_patient(card: KnowledgeCard):
    text = f"{card.title} {card.body}".lower()
    for words in ("this patient", "the patient has", "your patient", "http", "<", "ignore "):
        assert words not in text, words
    assert not re.search(r"\b\d+ ?(mg|µg|mcg|ml/kg)\b", text)


@pytest.mark.parametrize(
    "text",
    ["", "## Appearance\nx", "+++\ntitle = \n+++\nx", '+++\ntitle = "x"\n+++\nx'],
)
def test_a_card_without_a_header_is_refused(tmp_path, text):
    (tmp_path / "card.md").write_text(text)
    with pytest.raises(InputError, match=r"card\.md"):
        read_card(tmp_path / "card.md", "general")
