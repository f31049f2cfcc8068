"""The cut's lowest score and gap by domain, chosen on labelled questions under a bound on the risk.

After RULE (Xia et al., EMNLP 2024, arXiv:2407.05131): of the rules whose risk is at most ``alpha``
with confidence 1 - ``delta``, the one that keeps a right passage for most questions. A question's
loss is the share of what is kept for it that its answer does not name, 0 where nothing is kept. For
each gap the lowest scores are tried from the strictest down and the first that fails ends the
line (fixed sequence testing), so that no more than ``delta`` / number of gaps is spent on each;
p-values are Hoeffding and Bentkus's for bounded losses (Bates et al. 2021, doi:10.1145/3478535,
section 3.1).
"""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from medmm.errors import InputError
from rag.retrieval.cut import Candidate, CutRule, cut

ALPHA = 0.3
DELTA = 0.1
MINIMA = tuple(round(value, 2) for value in np.arange(0.95, 0.19, -0.01))
GAPS = (0.05, 0.1, 0.2, 0.4, math.inf)
FEWEST = 20
"""Below so many questions no gap is chosen: the lowest score of all domains together is used."""
EVERYWHERE = "*"
FILE = "calibration.toml"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question's candidates as (score, tokens, whether its answer names the document)."""

    domain: str
    candidates: tuple[tuple[float, int, bool], ...]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A domain's rule with what stands behind it.

    ``risk`` is the loss on the questions it was chosen on, ``bounded`` whether its bound holds;
    ``found`` is the share of answerable questions for which a right passage is kept.
    """

    rule: CutRule
    n: int
    alpha: float
    delta: float
    risk: float
    found: float
    bounded: bool

    @property
    def told(self) -> str:
        """The bound in words."""
        figures = f"n={self.n}, alpha={self.alpha:g}, delta={self.delta:g}"
        if not self.bounded:
            return f"no bound holds with {figures}: only the lowest score of all domains is used"
        return (
            f"with confidence {1 - self.delta:.0%} at most {self.alpha:.0%} of what is kept is "
            f"beside the question ({figures}; seen {self.risk:.2f})"
        )


def calibrate(
    questions: Sequence[Labelled], *, alpha: float = ALPHA, delta: float = DELTA
) -> dict[str, Calibrated]:
    """A rule for each domain and, under `EVERYWHERE`, one for all others.

    Raises:
        InputError: alpha or delta is not between 0 and 1, or there are no questions.
    """
    if not (0 < alpha < 1 and 0 < delta < 1):
        raise InputError("alpha and delta must lie between 0 and 1.")
    if not questions:
        raise InputError("There are no labelled questions to calibrate on.")
    everywhere = _chosen(questions, alpha, delta, GAPS) or _strictest(questions, alpha, delta)
    rules = {EVERYWHERE: everywhere}
    for domain in sorted({one.domain for one in questions if one.domain}):
        own = [one for one in questions if one.domain == domain]
        chosen = _chosen(own, alpha, delta, GAPS) if len(own) >= FEWEST else None
        rules[domain] = chosen or _fallback(own, everywhere, alpha, delta)
    return rules


def _chosen(
    questions: Sequence[Labelled], alpha: float, delta: float, gaps: Sequence[float]
) -> Calibrated | None:
    """The bounded rule that finds most; among equals the stricter one."""
    best: Calibrated | None = None
    for gap in gaps:
        for minimum in MINIMA:
            one = _measured(questions, CutRule(minimum, gap=gap), alpha, delta)
            if p_value(one.risk, one.n, alpha) > delta / len(gaps):
                break
            if best is None or one.found > best.found:
                best = one
    return best if best is not None and best.found > 0 else None


def _fallback(
    own: Sequence[Labelled], everywhere: Calibrated, alpha: float, delta: float
) -> Calibrated:
    """The lowest score of all domains, without a gap, and without a bound of this domain's own."""
    one = _measured(own, CutRule(everywhere.rule.minimum), alpha, delta)
    return Calibrated(one.rule, one.n, alpha, delta, one.risk, one.found, bounded=False)


def _strictest(questions: Sequence[Labelled], alpha: float, delta: float) -> Calibrated:
    one = _measured(questions, CutRule(MINIMA[0]), alpha, delta)
    return Calibrated(one.rule, one.n, alpha, delta, one.risk, one.found, bounded=False)


def _measured(
    questions: Sequence[Labelled], rule: CutRule, alpha: float, delta: float
) -> Calibrated:
    losses, found, answerable = [], 0, 0
    for one in questions:
        kept = kept_labels(one, rule)
        losses.append(1 - sum(kept) / len(kept) if kept else 0.0)
        answerable += one.answerable
        found += one.answerable and any(kept)
    risk = float(np.mean(losses)) if losses else 1.0
    share = found / answerable if answerable else 0.0
    return Calibrated(rule, len(questions), alpha, delta, risk, share, bounded=True)


def kept_labels(question: Labelled, rule: CutRule) -> list[bool]:
    """Of each passage that a rule keeps for a question, whether it is right."""
    right = {number: label for number, (_, _, label) in enumerate(question.candidates)}
    decisions = cut(
        [
            Candidate(number, score, tokens)
            for number, (score, tokens, _) in enumerate(question.candidates)
        ],
        rule,
    )
    return [right[one.candidate.id] for one in decisions if one.kept]


def p_value(risk: float, n: int, alpha: float) -> float:
    """How likely a mean loss this low is where the true risk is ``alpha`` or more."""
    from scipy.stats import binom

    if n < 1:
        return 1.0
    if risk >= alpha:
        return 1.0
    low = max(risk, 0.0)
    divergence = (1 - low) * math.log((1 - low) / (1 - alpha))
    if low > 0:
        divergence += low * math.log(low / alpha)
    hoeffding = math.exp(-n * divergence)
    bentkus = math.e * float(binom.cdf(math.ceil(n * low), n, alpha))
    return min(1.0, hoeffding, bentkus)


def to_toml(rules: Mapping[str, Calibrated], embedder: str, questions: str) -> str:
    """The rules as a file that `read_rules` reads."""
    lines = [
        "# The cut by domain; made by `medmm rag calibrate`, see rag/retrieval/calibration.py.",
        f'embedder = "{embedder}"',
        f'questions = "{questions}"',
    ]
    for domain, one in sorted(rules.items()):
        lines += [
            "",
            f'[domain."{domain}"]',
            f"minimum = {one.rule.minimum}",
            f"gap = {'inf' if math.isinf(one.rule.gap) else one.rule.gap}",
            f"n = {one.n}",
            f"alpha = {one.alpha}",
            f"delta = {one.delta}",
            f"risk = {one.risk:.4f}",
            f"found = {one.found:.4f}",
            f"bounded = {str(one.bounded).lower()}",
        ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules by domain, for the scores of one embedder."""

    embedder: str
    by_domain: Mapping[str, Calibrated]

    def of(self, domains: Iterable[str], embedder: str) -> Calibrated:
        """The rule of the first of these domains that has one.

        The scores of another embedder mean something else: for those nothing is calibrated, and
        only the strictest score passes.
        """
        if embedder != self.embedder:
            return Calibrated(CutRule(MINIMA[0]), 0, ALPHA, DELTA, 0.0, 0.0, bounded=False)
        named = (self.by_domain[domain] for domain in domains if domain in self.by_domain)
        return next(named, self.by_domain[EVERYWHERE])


def read_rules(home: Path | None = None) -> Rules:
    """The home's own rules where it has some, else those that ship.

    Raises:
        InputError: the home's file cannot be used.
    """
    own = home / FILE if home is not None else None
    if own is None or not own.is_file():
        return _shipped()
    try:
        return _parsed(own.read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{own} cannot be used: {error}.", "Run `medmm rag calibrate` again, or remove it."
        ) from error


@cache
def _shipped() -> Rules:
    return _parsed((files("rag.retrieval") / FILE).read_text(encoding="utf-8"))


def _parsed(text: str) -> Rules:
    table = tomllib.loads(text)
    rules = {
        domain: Calibrated(
            CutRule(float(one["minimum"]), gap=float(one["gap"])),
            int(one["n"]),
            float(one["alpha"]),
            float(one["delta"]),
            float(one["risk"]),
            float(one["found"]),
            bool(one["bounded"]),
        )
        for domain, one in table["domain"].items()
    }
    if EVERYWHERE not in rules:
        raise KeyError(EVERYWHERE)
    return Rules(str(table["embedder"]), rules)
