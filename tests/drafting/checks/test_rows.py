"""Each check catches its kind of error and lets the truth pass; states follow from the checks."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting.checks.table import CHECKS
from medmm.nouns import Evidence, ExpertRun, Statement
from tests.benchmarks.planted_foreign import foreign_case
from tests.drafting.checks.cases import fails, verdicts

F, IM, T, C = "Findings", "Impression", "Technique", "Comparison"


@pytest.mark.parametrize(
    ("check", "wrong", "right", "case", "section"),
    [
        ("laterality", "LUL nodule.", "RUL nodule.", "chest_nodule", F),
        ("laterality", "Nodules in both lungs.", "Nodule on the right.", "chest_nodule", F),
        ("laterality", "The right hand is swollen.", "The left hand is swollen.", "hand", F),
        ("presence", "No lung nodule.", "Right lung nodule.", "chest_nodule", IM),
        ("presence", "Both lungs are clear.", "The left lung is clear.", "chest_nodule", F),
        ("presence", "Pneumothorax.", "No pneumothorax.", "chest_nodule", F),
        ("presence", "The heart is enlarged.", "Heart size is normal.", "film", F),
        ("existence", "The uterus is normal.", "The aorta is normal.", "chest_nodule", F),
        ("existence", "The brain is normal.", "Brain not included.", "chest_nodule", F),
        ("existence", "Spleen normal.", "Spleen surgically absent.", "abdomen_man", F),
        ("existence", "Prostate enlarged.", "Liver enlarged.", "abdomen_woman", F),
        ("comparison", "The nodule has grown.", "The nodule is solid.", "chest_nodule", F),
        ("comparison", "The nodule is stable.", "The nodule has grown.", "chest_prior", F),
        ("comparison", "New left nodule.", "Larger than before: the nodule.", "chest_prior", F),
        ("comparison", "No prior study.", "CT of 10.9.2025.", "chest_prior", C),
        ("identity", "Mr Okonkwo coughs.", "He coughs.", "chest_nodule", F),
        ("identity", "Seen on 3 May 2017.", "Seen on 14 March 2026.", "chest_nodule", F),
        ("identity", "Call 020 7946 0018.", "Call the ward.", "chest_nodule", IM),
        ("text", "Nod\u200bule.", "Nodule, α > 8 mm²…", "chest_nodule", T),
        ("text", "L\u0435ft lung.", "Left lung – “clear”.", "chest_nodule", T),
        ("text", "<i>Nodule</i>", "Nodule > 8 mm and < 30 mm", "chest_nodule", F),
    ],
)  # fmt: skip
def test_a_check_catches_its_error_and_lets_the_truth_pass(check, wrong, right, case, section):
    assert check in fails(wrong, case, section)
    assert fails(right, case, section) - {"number"} == set()


def test_an_impression_may_conclude_but_not_add_a_fact():
    findings = (Statement("f", "Findings", "Left basal consolidation.", "supported"),)
    added = verdicts("Rib fracture.", "chest_fluid", "Impression", beside=findings)
    drawn = verdicts("Suspicious for pneumonia.", "chest_fluid", "Impression", beside=findings)
    assert added["consistency"] == "fail"
    assert drawn["consistency"] == "pass"


def test_of_two_sentences_that_disagree_the_better_founded_one_stays():
    firm = Statement("f", "Findings", "The liver has a lesion.", "supported")
    assert verdicts("No liver lesion.", "abdomen_woman", beside=(firm,))["consistency"] == "fail"
    weak = Statement("w", "Findings", "No liver lesion.", "unsupported")
    said = verdicts("The liver has a lesion.", "abdomen_woman", state="written", beside=(weak,))
    assert said["consistency"] == "pass"


def test_a_clinician_may_write_whom_a_result_was_told():
    text = "Discussed with Dr Meyer."
    assert verdicts(text, section="Impression", state="written")["identity"] == "pass"
    assert verdicts(text, section="Impression")["identity"] == "fail"


@pytest.mark.parametrize(
    ("text", "state", "evidence", "expected"),
    [
        ("There is a nodule in the right lung.", "supported", "vlm", "supported"),
        ("There is a nodule in the right lung.", "unsupported", "vlm", "supported"),
        ("There is a nodule in the left lung.", "supported", "vlm", "contradicted"),
        ("Mild interstitial thickening.", "supported", "vlm", "unsupported"),
        ("Mild interstitial thickening.", "measured", "vlm", "unsupported"),
        ("The right lung measures 2.31 L.", "measured", "measurement", "measured"),
        ("The right lung measures 3.31 L.", "measured", "measurement", "contradicted"),
        ("No prior study was available.", "recorded", "platform", "recorded"),
        ("The uterus was removed.", "recorded", "order", "contradicted"),
        ("No lung nodule.", "written", "clinician", "written"),
        ("Solid nodules over 8 mm need follow-up.", "reference", "passage", "contradicted"),
    ],
)
def test_the_state_of_a_sentence_follows_from_its_checks(text, state, evidence, expected):
    cited = (Evidence(evidence, "m3"),)
    assert verdicts(text, state=state, evidence=cited)["state"] == expected


def test_a_clinicians_sentence_keeps_its_state_and_still_shows_what_failed():
    said = verdicts("No lung nodule.", state="written", evidence=(Evidence("clinician", "u"),))
    assert (said["state"], said["presence"]) == ("written", "fail")


def test_a_check_that_does_not_concern_a_sentence_leaves_no_line():
    assert set(verdicts("Helical acquisition.", section="Technique")) == {
        "identity", "text", "state",
    }  # fmt: skip
    assert list(CHECKS)[:3] == ["number", "laterality", "presence"]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=200))
def test_no_text_at_all_makes_a_check_raise(text):
    assert verdicts(text)["text"] in ("pass", "fail")


PIECES = (
    "no not nodule left right lung 17 mm 12 . , ; ( ) x 2.31 L increased new prior normal ? : # "
    "without from to % -812 HU s/p lobectomy prostate Dr Smith 3/4/2019 and but both"
)
WORDS = st.sampled_from(PIECES.split())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(WORDS, max_size=14), st.sampled_from(["chest_prior", "abdomen_man", "hand"]))
def test_no_jumble_of_words_makes_a_check_raise(words, case):
    assert "text" in verdicts(" ".join(words), case)


REASON = "No lung was found in its pixels; the other air in it (28 mL) is too small to be lung."


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (f"ct_lungs did not run: {REASON[0].lower()}{REASON[1:]}", set()),
        (f"ct_lungs did not run: {REASON} The lung has a nodule.", {"existence"}),
        ("ct_lungs did not run: the lung has a nodule.", {"existence"}),
    ],
)
def test_why_an_expert_did_not_run_is_no_claim_about_the_patient_but_nothing_hides_behind_it(
    text, outcome
):
    run = ExpertRun("ct_lungs", "1", "refused", "refuses", REASON)
    case = replace(foreign_case("hand"), runs=(run,))
    evidence = (Evidence("platform", "expert:ct_lungs"),)
    said = verdicts(text, case, state="recorded", evidence=evidence)
    failed = {check for check, result in said.items() if result == "fail"}
    assert failed & {"existence", "presence", "laterality"} == outcome
