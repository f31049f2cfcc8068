"""Which state a statement ends with, given what the checks said of it: the one place of the rule.

* ``written`` and ``reference`` stay: a clinician's word and quoted knowledge are what they are; the
  checks' lines stand beside them.
* Any other sentence becomes ``contradicted`` when a check of `CONTRADICTING` fails: an expert, the
  header, the order, the prior or another sentence says otherwise. A failed ``identity`` or ``text``
  check is about how a sentence is written, not whether it is true, and changes no state.
* A sentence that rests on a VLM alone becomes ``supported`` when a check of `GROUNDING` passes and
  none of them could not tell, else ``unsupported``; what the writer proposed does not count.
* ``measured`` stays only with evidence of a measurement or a finding, and while no figure fails to
  recompute; without such evidence it is treated as a VLM's word. ``recorded`` stays unless
  contradicted.
"""

from collections.abc import Sequence

from medmm.nouns import Check, Statement
from medmm.nouns.evidence import StatementState

CONTRADICTING = frozenset(
    {"number", "laterality", "presence", "existence", "comparison", "consistency"}
)
GROUNDING = frozenset({"number", "laterality", "presence", "comparison"})
KEPT = frozenset({"written", "reference"})
MEASURED_BY = frozenset({"measurement", "finding"})


def final_state(statement: Statement, checks: Sequence[Check]) -> StatementState:
    """The state that a statement earned."""
    if statement.state in KEPT:
        return statement.state
    if any(check.result == "fail" and check.check in CONTRADICTING for check in checks):
        return "contradicted"
    kinds = {evidence.kind for evidence in statement.evidence}
    if statement.state == "measured" and kinds & MEASURED_BY:
        return "measured"
    if statement.state == "recorded" and "vlm" not in kinds:
        return "recorded"
    return _grounded(checks)


def _grounded(checks: Sequence[Check]) -> StatementState:
    results = [check.result for check in checks if check.check in GROUNDING]
    agreed = "pass" in results and "cannot tell" not in results
    return "supported" if agreed else "unsupported"
