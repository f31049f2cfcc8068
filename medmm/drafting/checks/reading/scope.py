"""What a cue reaches: present, absent or uncertain, and what is set aside.

A rule-based scope parser in the manner of NegEx (Chapman et al., J Biomed Inform 2001;34:301-310)
and ConText (Harkema et al., J Biomed Inform 2009;42:839-851) with rules of its own for lists,
telegraphic chunks and doubled negation. The words are data (``cues.toml``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.clauses import EDGES, Clause
from medmm.drafting.checks.reading.phrases import Match
from medmm.drafting.checks.reading.tokens import Token, data
from medmm.nouns.findings import Presence

REACH = 30
JOINING = {"and", "or", "nor", "&", "/"}
# "No gas in the stone": the stone is there.
WITHIN = {"in", "within", "around", "inside", "through", "near", "along", "from"}
DEFINITE = {"the", "this", "that", "these", "its", "known"}
LIMITS = ("recommend", "history", "not_assessed", "other")


@dataclass(frozen=True, slots=True)
class Scope:
    """The cues of one sentence, ready to be asked about any of its terms."""

    tokens: tuple[Token, ...]
    cues: tuple[Match, ...]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> "Scope":
        """Find the cues of a sentence."""
        return cls(tuple(tokens), tuple(lexicon.cues().find(tokens)))

    def presence(self, clause: Clause, start: int, end: int) -> Presence:
        """Whether the term in tokens ``[start, end)`` is said to be there."""
        before = [cue for cue in self._within(clause) if cue.end <= start]
        after = [cue for cue in self._within(clause) if cue.start >= end]
        denied = self._denied_before(before, start)
        doubted = [cue for cue in before if "unc.before" in cue.keys and self._leads(cue, start)]
        if denied:
            softened = any(0 <= denied.start - cue.end <= 1 for cue in doubted)
            return "uncertain" if softened else "absent"
        said = self._said_after(clause, after, end)
        if said:
            return said
        return "uncertain" if doubted else "present"

    def inferred(self, clause: Clause, start: int) -> bool:
        """Whether the term is a conclusion ("compatible with ...") rather than an observation."""
        return any(
            cue.keys & {"inference", "unc.before"} and cue.end <= start and self._leads(cue, start)
            for cue in self._within(clause)
        )

    def limit(self, clause: Clause, start: int) -> str:
        """Why the term is no statement about what is seen now: a plan, history, ...; else ""."""
        first, after = clause.chunk(start)
        for cue in self._within(clause):
            for key in LIMITS:
                if key not in cue.keys:
                    continue
                ahead = cue.start <= start and (key != "other" or self._leads(cue, start))
                beside = key in ("recommend", "not_assessed") and first <= cue.start < after
                if ahead or beside or (key == "not_assessed" and start < cue.start):
                    return key
        return ""

    def normals(self, clause: Clause) -> list[Match]:
        """The words of a clause that call something normal, and are not turned round."""
        return [
            cue
            for cue in self._within(clause)
            if "normal" in cue.keys
            and not self._denied_before(self._before(clause, cue), cue.start)
        ]

    def excepts(self, start: int, end: int) -> bool:
        """Whether tokens ``[start, end)`` hold an exception ("apart from ...")."""
        return any("except" in cue.keys and start <= cue.start < end for cue in self.cues)

    def _within(self, clause: Clause) -> list[Match]:
        return [cue for cue in self.cues if clause.start <= cue.start and cue.end <= clause.end]

    def _before(self, clause: Clause, cue: Match) -> list[Match]:
        return [one for one in self._within(clause) if one.end <= cue.start]

    def _denied_before(self, before: Sequence[Match], start: int) -> Match | None:
        """The nearest negation that leads to ``start``, unless another one turns it round."""
        turning = [
            cue for cue in before if cue.keys & {"neg.before", "affirm"} and self._leads(cue, start)
        ]
        if not turning or "affirm" in turning[-1].keys:
            return None
        nearest = turning[-1]
        doubled = len(turning) > 1 and turning[-2].end == nearest.start
        return None if doubled else nearest

    def _said_after(self, clause: Clause, after: Sequence[Match], end: int) -> Presence | None:
        for cue in after:
            if not self._trails(cue, end):
                break
            answered = self.tokens[cue.start].text == "?" and cue.end < clause.end - 1
            if "unc.after" in cue.keys and not answered:
                return "uncertain"
            if "neg.after" in cue.keys or ("neg.final" in cue.keys and self._closes(clause, cue)):
                return "absent"
        return None

    def _leads(self, cue: Match, start: int) -> bool:
        """Whether a cue reaches forward to a term."""
        if start - cue.end > REACH:
            return False
        verb = False
        for place in range(cue.end, start):
            token = self.tokens[place]
            following = self.tokens[place + 1].low
            opens = following in _starts() or following in _be()
            if token.text in EDGES and (opens or verb or self._own_verb(place + 1, start)):
                return False
            if token.low == "and" and (opens or verb):
                return False
            if token.text == ":" or (token.low in WITHIN and following in DEFINITE):
                return False
            verb = verb or token.low in _be()
        return True

    def _own_verb(self, place: int, start: int) -> bool:
        """Whether a chunk has a predicate of its own behind the term ("..., the nodule is ...")."""
        for token in self.tokens[start:]:
            if token.text in EDGES or token.text in (".", ";") or token.low in JOINING:
                return False
            if token.low in ("is", "are", "shows", "show", "measures", "contains"):
                return place < start
        return False

    def _trails(self, cue: Match, end: int) -> bool:
        """Whether a cue reaches back to a term: across a comma only within a list."""
        verb = False
        for place in range(end, cue.start):
            token = self.tokens[place]
            if token.text in EDGES:
                joined = any(one.low in JOINING for one in self.tokens[place + 1 : cue.start])
                if verb or not joined:
                    return False
            if token.low in ("and", "with") and verb and place + 1 < cue.start:
                return False
            verb = verb or token.low in _be()
        return cue.start - end <= REACH

    def _closes(self, clause: Clause, cue: Match) -> bool:
        return all(token.kind == "mark" for token in self.tokens[cue.end : clause.end])


@cache
def _starts() -> frozenset[str]:
    return frozenset(data("cues")["breaks"]["starts"])


@cache
def _be() -> frozenset[str]:
    return frozenset(data("cues")["breaks"]["be"])
