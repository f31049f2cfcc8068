"""What the composer writes from a case, the checks find right: neither has a rule of its own."""

import pytest

from medmm.drafting.checks import run_checks
from medmm.drafting.composer import Composer
from medmm.nouns import Case, Code, ExpertResult, Finding
from tests.drafting.builders import APPLIES, case, lungs_result, nodules_result, prior

LUNGS = lungs_result()
ONE = nodules_result((14.0, 10.0))
TWO = nodules_result((14.0, 10.0), (8.0, 6.0))
PNEUMONIA = Finding(
    "f1", Code("SCT", "233604007", "Pneumonia"), "present", "cxr", 0.78, calibrated=True
)
CASES = {
    "lungs": case(LUNGS),
    "one nodule": case(LUNGS, ONE),
    "two nodules": case(LUNGS, TWO),
    "one nodule then and now": case(LUNGS, ONE, prior=prior(nodules=1)),
    "a nodule now": case(LUNGS, ONE, prior=prior()),
    "a nodule then": case(LUNGS, prior=prior(nodules=1)),
    "two nodules then": case(LUNGS, ONE, prior=prior(nodules=2)),
    "two nodules now": case(LUNGS, TWO, prior=prior(nodules=1)),
    "a calibrated probability": case(ExpertResult("cxr", "1", APPLIES, findings=(PNEUMONIA,))),
}


@pytest.mark.parametrize("name", CASES)
def test_no_check_fails_on_a_composed_sentence(name: str) -> None:
    of: Case = CASES[name]
    checked = run_checks(Composer().write(of), of)
    assert checked.statements
    assert [check for check in checked.checks if check.result == "fail"] == []
