"""Which of two sentences that disagree has to give way."""

from medmm.nouns import Statement

# How much stands behind a state; the lower one gives way.
WEIGHT = {
    "measured": 4, "recorded": 4, "supported": 3, "written": 3, "contradicted": 0,
    "unsupported": 2, "reference": 0,
}  # fmt: skip


def yields(statement: Statement, other: Statement) -> bool:
    """Whether ``statement`` gives way to ``other``.

    An impression follows the findings; else the better founded sentence stays; of two equal ones
    both are marked, because nobody can tell which is right.
    """
    if statement.section != other.section:
        return statement.section == "Impression"
    return WEIGHT[statement.state] <= WEIGHT[other.state]
