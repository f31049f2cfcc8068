"""Negation and uncertainty reach what they are meant to reach, and no further."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.checks.reading.sentence import read
from tests.benchmarks.planted_foreign import _forms, _phrases

TERMS = {
    "nodule": "nodule",
    "pneumothorax": "pneumothorax",
    "consolidation": "consolidation",
    "fracture": "fracture",
    "effusion": "effusion",
}


def said(text: str) -> dict[str, str]:
    return {claim.kind: claim.presence for claim in read(text).claims}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No nodule, effusion or pneumothorax.", "aaa"),
        ("Neither nodule nor effusion.", "aa"),
        ("No nodule, but an effusion.", "ap"),
        ("No nodule. Effusion.", "ap"),
        ("No nodule; effusion.", "ap"),
        ("No pneumothorax, small effusion.", "ap"),
        ("No nodule and there is an effusion.", "ap"),
        ("Nodule and effusion are not seen.", "aa"),
        ("Effusion is present although pneumothorax is not.", "pa"),
        ("Nodule: none.", "a"),
        ("Nodules? None.", "a"),
        ("Pneumothorax has been ruled out.", "a"),
        ("Pneumothorax cannot be ruled out.", "u"),
        ("Cannot exclude a nodule.", "u"),
        ("Possible nodule, no effusion.", "ua"),
        ("Not without effusion.", "p"),
        ("The lung is not free of nodules.", "p"),
        ("No evidence to suggest consolidation.", "a"),
        ("Nodule may be present.", "u"),
        ("The nodule is not calcified.", "pa"),
        ("Failed to show a fracture.", "a"),
        ("w/o effusion", "a"),
        ("Nodules were looked for and not found.", "a"),
    ],
)
def test_presence_is_read_per_finding(text, expected):
    words = {"p": "present", "a": "absent", "u": "uncertain"}
    assert list(said(text).values()) == [words[letter] for letter in expected]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.permutations(sorted(TERMS)), st.integers(min_value=1, max_value=4))
def test_a_negation_before_a_list_reaches_all_of_it_and_nothing_behind_but(terms, count):
    denied, kept = terms[:count], terms[count]
    text = f"No {', '.join(denied[:-1])}{' or ' if denied[:-1] else ''}{denied[-1]}, but a {kept}."
    presence = said(text)
    assert {presence[TERMS[term]] for term in denied} == {"absent"}
    assert presence[TERMS[kept]] == "present"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(TERMS)), st.text("abcdefgh .,;", max_size=30))
def test_what_stands_in_an_earlier_sentence_does_not_negate(term, before):
    assert said(f"Without doubt {before}. There is a {term}.")[TERMS[term]] == "present"


def test_the_negations_of_a_public_labeler_are_understood(data_folder: Path):
    folder = data_folder / "chexpert_phrases"
    forms = _forms(folder / "patterns" / "negation.txt")
    wrong = [
        form.replace("XXX", phrase)
        for _, phrase in _phrases(folder / "mention_half1.tsv")
        for form in forms
        if {claim.presence for claim in read(form.replace("XXX", phrase)).claims} != {"absent"}
    ]
    assert len(forms) >= 14
    assert wrong == []


def test_the_doubts_of_a_public_labeler_are_no_negations(data_folder: Path):
    folder = data_folder / "chexpert_phrases" / "patterns"
    forms = _forms(folder / "post_negation_uncertainty.txt")
    forms += _forms(folder / "pre_negation_uncertainty.txt")
    denied = [
        form
        for form in forms
        if not any(word in form for word in ("new", "appreciated"))  # those deny, to a reader
        and {one.presence for one in read(form.replace("XXX", "pneumonia")).claims} == {"absent"}
    ]
    assert len(forms) >= 25
    assert denied == []
