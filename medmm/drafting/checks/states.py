"""Which state a statement ends with, given what the checks said of it: the one place of the rule.

* ``written`` stays: a clinician's word is what it is; the checks' lines stand beside it.
* ``reference`` stays only where the check ``reference leak`` passes, which finds the words in the
  passage that the sentence cites; any other sentence that calls itself quoted knowledge becomes
  ``contradicted``, so that nothing about a patient can be passed off as a quotation. The other
  checks' lines stand beside it.
* Any other sentence becomes ``contradicted`` when a check of `CONTRADICTING` fails: an expert, the
  header, the order, the prior or another sentence says otherwise. A failed ``identity`` or ``text``
  check is about how a sentence is written, not whether it is true, and changes no state.
* A sentence that rests on a VLM alone becomes ``supported`` when a check of `GROUNDING` passes and
  none of them could not tell, else ``unsupported``; what the writer proposed does not count. That
  no passage lends what it says grounds nothing; that one may have lent it stands against it.
* ``measured`` stays only with evidence of a measurement or a finding, and while no figure fails to
  recompute; without such evidence it is treated as a VLM's word. ``recorded`` stays unless
  contradicted.
"""

from collections.abc import Sequence

from medmm.nouns import Check, Statement
from medmm.nouns.evidence import StatementState

QUOTED = "reference leak"
CONTRADICTING = frozenset(
    {"number", "laterality", "presence", "existence", "comparison", "consistency", QUOTED}
)
GROUNDING = frozenset({"number", "laterality", "presence", "comparison"})
MEASURED_BY = frozenset({"measurement", "finding"})


def final_state(statement: Statement, checks: Sequence[Check]) -> StatementState:
    """The state that a statement earned."""
    if statement.state == "written":
        return "written"
    if statement.state == "reference":
        proven = any(check.check == QUOTED and check.result == "pass" for check in checks)
        return "reference" if proven else "contradicted"
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
    doubted = any(check.check == QUOTED and check.result == "cannot tell" for check in checks)
    agreed = "pass" in results and "cannot tell" not in results and not doubted
    return "supported" if agreed else "unsupported"
