"""All checks over all statements of a case, and the state that each statement earns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from medmm.drafting.checks.casefacts import CaseFacts
from medmm.drafting.checks.states import final_state
from medmm.drafting.checks.table import CHECKS
from medmm.nouns import Case, Check, Statement


@dataclass(frozen=True)
class Checked:
    """The statements with their final states, and what each check said of each statement."""

    statements: tuple[Statement, ...]
    checks: tuple[Check, ...]


def run_checks(statements: Sequence[Statement], case: Case) -> Checked:
    """Check every statement against its case and against the other statements.

    A check that does not concern a sentence leaves no line. The result is the same for the same
    input; nothing is raised for any text.
    """
    facts = CaseFacts.of(statements, case)
    states: list[Statement] = []
    checks: list[Check] = []
    for statement in statements:
        own = [
            Check(statement.id, name, *said)
            for name, check in CHECKS.items()
            if (said := check(statement, facts)) is not None
        ]
        checks.extend(own)
        states.append(replace(statement, state=final_state(statement, own)))
    return Checked(tuple(states), tuple(checks))
