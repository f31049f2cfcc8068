"""A query is asked in other words for the same things, and a code brings its words."""

import tomllib
from importlib.resources import files

from medmm.nouns import Code
from rag.retrieval.synonyms import expand
from rag.words import plain_words


def concepts() -> list[dict[str, list[str]]]:
    table = tomllib.loads((files("rag") / "synonyms.toml").read_text("utf-8"))
    return list(table["concept"])


def test_a_colloquial_word_brings_the_preferred_one() -> None:
    asked = expand("dropped lung on the CXR")
    assert "pneumothorax" in asked.preferred
    assert "pneumothorax" in asked.sentence
    assert "chest radiograph" in asked.others


def test_the_longest_phrase_is_the_one_that_is_meant() -> None:
    asked = expand("clot in the leg")
    assert "deep vein thrombosis" in asked.others
    assert "thrombus" not in asked.others


def test_a_query_without_known_words_stays_as_it_is() -> None:
    asked = expand("quorum sensing")
    assert asked.sentence == asked.text
    assert asked.others == ()


def test_a_word_is_never_added_to_itself() -> None:
    asked = expand("pneumothorax")
    assert asked.preferred == ()
    assert "pneumothorax" not in asked.others


def test_a_coded_finding_brings_the_words_of_its_concept() -> None:
    asked = expand("Nodule of lung", (Code("SCT", "786838002", "Nodule of lung"),))
    assert "pulmonary nodule" in asked.others


def test_a_code_of_dicoms_own_tables_brings_its_meaning() -> None:
    from pydicom.sr.codedict import codes

    code = codes.SCT.SpindleCellNodule
    asked = expand("mark", (Code("SCT", code.value, "as an expert calls it"),))
    assert asked.others == (code.meaning,)


def test_no_phrase_stands_for_two_things_and_all_are_lower_case() -> None:
    named: dict[str, int] = {}
    for number, one in enumerate(concepts()):
        for phrase in one["words"]:
            assert phrase == phrase.lower()
            assert named.setdefault(" ".join(plain_words(phrase)), number) == number, phrase
    assert len(concepts()) >= 200
