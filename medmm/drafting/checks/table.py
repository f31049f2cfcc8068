"""The one list of checks, in the order in which the page shows them.

A new check is one module with one function ``check(statement, facts)`` and one line here.
"""

from collections.abc import Callable
from typing import TypeAlias

from medmm.drafting.checks import (
    comparison,
    consistency,
    existence,
    identity,
    laterality,
    number,
    presence,
    reference_leak,
    text,
)
from medmm.drafting.checks.casefacts import CaseFacts
from medmm.nouns import Statement
from medmm.nouns.draft import CheckOutcome

Said: TypeAlias = tuple[CheckOutcome, str]
CheckFunction: TypeAlias = Callable[[Statement, CaseFacts], Said | None]

CHECKS: dict[str, CheckFunction] = {
    "number": number.check,
    "laterality": laterality.check,
    "presence": presence.check,
    "existence": existence.check,
    "comparison": comparison.check,
    "reference leak": reference_leak.check,
    "consistency": consistency.check,
    "identity": identity.check,
    "text": text.check,
}
