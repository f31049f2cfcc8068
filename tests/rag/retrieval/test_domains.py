"""The domain comes from the header, else from words, with how sure it is."""

import pytest

from rag.retrieval.domains import GENERAL, route_header, route_words, to_search

EVEN = dict.fromkeys(
    ("abdomen-ct", "brain-mr", "chest-ct", "chest-film", "general", "ultrasound"), 0.5
)


@pytest.mark.parametrize(
    ("modality", "body_part", "domain"),
    [
        ("CT", "CHEST", "chest-ct"),
        ("CT", "THORAX", "chest-ct"),
        ("CT", "ABDOMEN", "abdomen-ct"),
        ("DX", "CHEST", "chest-film"),
        ("CR", "chest", "chest-film"),
        ("MR", "BRAIN", "brain-mr"),
        ("US", "", "ultrasound"),
        ("US", "LIVER", "ultrasound"),
    ],
)
def test_a_header_decides(modality: str, body_part: str, domain: str) -> None:
    (routed,) = route_header(modality, body_part)
    assert (routed.domain, routed.confidence) == (domain, 1.0)
    assert modality in routed.evidence
    assert to_search([routed]) == (domain, GENERAL)


def test_a_header_without_a_body_part_leaves_what_its_modality_allows() -> None:
    routed = route_header("CT", "")
    assert {one.domain for one in routed} == {"chest-ct", "abdomen-ct"}
    assert all(one.confidence == 0.5 for one in routed)


def test_a_header_of_another_examination_names_none() -> None:
    assert route_header("CT", "KNEE") == []
    assert route_header("NM", "CHEST") == []
    assert route_header("", "") == []


@pytest.mark.parametrize(
    ("question", "domain"),
    [
        ("How large is a pneumothorax on the CXR?", "chest-film"),
        ("lung nodule on HRCT, follow-up", "chest-ct"),
        ("kidney stone on CT", "abdomen-ct"),
        ("FLAIR lesions of the white matter", "brain-mr"),
        ("gallbladder wall by sonography", "ultrasound"),
        ("US of the scrotum", "ultrasound"),
        ("how is a telephoned finding written into the report", "general"),
    ],
)
def test_words_decide_where_passages_do_not(question: str, domain: str) -> None:
    routed = route_words(question, EVEN)
    assert routed[0].domain == domain
    assert sum(one.confidence for one in routed) == pytest.approx(1.0)


def test_the_pronoun_is_no_modality() -> None:
    routed = route_words("should they tell us about it", EVEN)
    assert routed[0].domain != "ultrasound"


def test_two_domains_are_searched_when_unsure() -> None:
    routed = route_words("CT", EVEN)
    assert {one.domain for one in routed[:2]} == {"chest-ct", "abdomen-ct"}
    assert routed[0].confidence < 0.8
    assert len(to_search(routed)) == 3
    sure = route_words("chest CT, lung nodule", EVEN)
    assert to_search(sure) == ("chest-ct", GENERAL)


def test_well_answering_passages_outweigh_silence_of_the_words() -> None:
    votes = {**EVEN, "brain-mr": 0.8}
    assert route_words("hippocampus", votes)[0].domain == "brain-mr"


def test_without_passages_there_is_no_domain() -> None:
    assert route_words("anything", {}) == []
    assert to_search([]) == ()
