"""One sentence read: its anatomy, its claims, its figures and its words of change."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from medmm.drafting.checks.reading import lexicon
from medmm.drafting.checks.reading.characters import plain
from medmm.drafting.checks.reading.clauses import Clause, clause_of, clauses
from medmm.drafting.checks.reading.phrases import Match
from medmm.drafting.checks.reading.quantities import Figure, figures
from medmm.drafting.checks.reading.scope import Scope
from medmm.drafting.checks.reading.sides import NONE, Sides, SideWord, side_words, sides_near
from medmm.drafting.checks.reading.tokens import Token, data, tokenise
from medmm.nouns.findings import Presence

LONGEST = 4000
# Without anatomy, more tokens than this around "normal" speak of something else.
LONGEST_BARE = 7


@dataclass(frozen=True, slots=True)
class Place:
    """Anatomy that is named: how (present, absent), on which side, under which limit."""

    organ: str
    sides: Sides
    presence: Presence
    limit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding that is said to be present, absent or uncertain.

    ``kind`` and ``sites`` are lexicon keys. ``inferred`` marks a conclusion, ``limit`` a plan,
    history or the like. A word such as "normal" claims the absence of the kind "anomaly".
    """

    kind: str
    sites: frozenset[str]
    sides: Sides
    presence: Presence
    inferred: bool
    limit: str
    start: int
    end: int
    normal: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """What a sentence says."""

    text: str
    tokens: tuple[Token, ...]
    clauses: tuple[Clause, ...]
    places: tuple[Place, ...]
    claims: tuple[Claim, ...]
    figures: tuple[Figure, ...]
    side_words: tuple[SideWord, ...]
    scope: Scope

    def clause(self, place: int) -> Clause:
        """The clause that holds a token."""
        return clause_of(self.clauses, place)


@lru_cache(maxsize=2048)
def read(text: str, covered: frozenset[str] = frozenset()) -> Reading:
    """Read a sentence; never raises.

    ``covered`` are the parts of the body that the examination shows: words such as "base" mean
    the lung's only where a lung can be.
    """
    clean = plain(text[:LONGEST])
    tokens = tokenise(clean)
    found = [match for match in lexicon.terms().find(tokens) if _meant(match, covered)]
    scope = Scope.of(tokens)
    marked = _Marked(
        tokens,
        clauses(tokens),
        scope,
        tuple(side_words(tokens, _named_sides(found))),
        _terms(found, scope),
        covered,
    )
    places = tuple(place for match in found if (place := _place(match, marked)))
    claims = [claim for match in found if (claim := _claim(match, marked, places))]
    claims.extend(_normals(marked, places))
    return Reading(
        clean,
        tokens,
        marked.clauses,
        places,
        tuple(claims),
        tuple(figures(tokens)),
        marked.side_words,
        marked.scope,
    )


@dataclass(frozen=True, slots=True)
class _Marked:
    """A sentence with its clauses, cues and side words marked; ``terms`` say something."""

    tokens: tuple[Token, ...]
    clauses: tuple[Clause, ...]
    scope: Scope
    side_words: tuple[SideWord, ...]
    terms: tuple[int, ...]
    covered: frozenset[str]


def _meant(match: Match, covered: frozenset[str]) -> bool:
    if any(not key.startswith("weak:") for key in match.keys):
        return True
    return any(lexicon.organs()[key[5:]].regions & covered for key in match.keys)


def _named_sides(found: Sequence[Match]) -> list[tuple[int, int]]:
    return [(match.start, match.end) for match in found if "organ:heart_chamber" in match.keys]


def _terms(found: Sequence[Match], scope: Scope) -> tuple[int, ...]:
    """Where findings and words of normality stand: chunks with one have sides of their own."""
    kinds = [match.start for match in found if any(key[:5] == "kind:" for key in match.keys)]
    return (*kinds, *(cue.start for cue in scope.cues if "normal" in cue.keys))


def _organ(match: Match, covered: frozenset[str]) -> str | None:
    strong = sorted(key[6:] for key in match.keys if key.startswith("organ:"))
    if strong:
        return strong[0]
    weak = sorted(key[5:] for key in match.keys if key.startswith("weak:"))
    shown = [key for key in weak if lexicon.organs()[key].regions & covered]
    return shown[0] if shown else None


def _place(match: Match, marked: _Marked) -> Place | None:
    organ = _organ(match, marked.covered)
    if organ is None:
        return None
    clause = clause_of(marked.clauses, match.start)
    own = data("anatomy")[organ].get("side")
    sides = sides_near(marked.side_words, clause, match.start, match.end)
    return Place(
        organ,
        frozenset((own,)) if own else sides,
        marked.scope.presence(clause, match.start, match.end),
        marked.scope.limit(clause, match.start),
        match.start,
        match.end,
    )


def _claim(match: Match, marked: _Marked, places: Sequence[Place]) -> Claim | None:
    keys = sorted(key[5:] for key in match.keys if key.startswith("kind:"))
    if not keys:
        return None
    kind = max(keys, key=lambda key: (len(lexicon.lineage(key)), key))
    clause = clause_of(marked.clauses, match.start)
    presence = marked.scope.presence(clause, match.start, match.end)
    inferred = marked.scope.inferred(clause, match.start)
    sides = sides_near(marked.side_words, clause, match.start, match.end, marked.terms)
    return Claim(
        kind,
        _sites(kind, clause, match, places),
        sides or (_sides_of_sign(marked, clause, match) if inferred else NONE),
        presence,
        inferred,
        _limit(kind, presence, clause, match, marked),
        match.start,
        match.end,
    )


def _sides_of_sign(marked: _Marked, clause: Clause, match: Match) -> Sides:
    """The one side named before a conclusion: that of the sign it is drawn from."""
    words = marked.side_words
    named = {one.sides for one in words if clause.start <= one.place < match.start}
    return next(iter(named)) if len(named) == 1 else NONE


def _limit(kind: str, presence: Presence, clause: Clause, match: Match, marked: _Marked) -> str:
    limit = marked.scope.limit(clause, match.start)
    if limit or kind != lexicon.ROOT:
        return limit
    if _acute(marked.tokens, clause, match.start):
        return "other"
    excepted = marked.scope.excepts(*_sentence(marked.tokens, match.start))
    return "other" if presence == "absent" and excepted else ""


def _sites(kind: str, clause: Clause, match: Match, places: Sequence[Place]) -> frozenset[str]:
    entry = lexicon.kinds()[kind]
    if entry.site:
        return frozenset((entry.site,))
    first, after = clause.chunk(match.start)
    for low, high in ((first, after), (clause.start, clause.end)):
        near = [place for place in places if low <= place.start < high]
        exact = [place for place in near if not lexicon.organs()[place.organ].vague]
        if exact or near:
            organs = {place.organ for place in exact or near}
            beside = any(lexicon.same_place(one, two) for one in organs for two in entry.beside)
            return frozenset({*organs, entry.default_site} if beside else organs)
    return frozenset((entry.default_site,)) if entry.default_site else frozenset()


def _acute(tokens: Sequence[Token], clause: Clause, place: int) -> bool:
    first, after = clause.chunk(place)
    return any(token.low in ("acute", "significant", "suspicious") for token in tokens[first:after])


def _sentence(tokens: Sequence[Token], place: int) -> tuple[int, int]:
    """The tokens between two full stops around ``place``."""
    stops = [0, *(i + 1 for i, token in enumerate(tokens) if token.text in (".", ";")), len(tokens)]
    first = max(stop for stop in stops if stop <= place)
    after = min((stop for stop in stops if stop > place), default=len(tokens))
    return first, after


def _normals(marked: _Marked, places: Sequence[Place]) -> list[Claim]:
    return [
        claim
        for clause in marked.clauses
        for cue in marked.scope.normals(clause)
        if (claim := _normal(clause, cue, marked, places))
    ]


def _normal(clause: Clause, cue: Match, marked: _Marked, places: Sequence[Place]) -> Claim | None:
    first, after = clause.chunk(cue.start)
    first = _list_start(marked.tokens, clause, first, cue)
    said = {token.stem for token in marked.tokens[first:after]}
    aspects = data("cues")["normality"]
    size = bool(said & set(aspects["size"]))
    if said & set(aspects["other"]) and not size:
        return None
    near = [place for place in places if first <= place.start < after]
    near = near or [place for place in places if clause.start <= place.start < cue.start]
    if not _speaks_of(marked.tokens, cue, near) or (
        not near and (size or after - first > LONGEST_BARE)
    ):
        return None
    limit = marked.scope.limit(clause, cue.start)
    if marked.scope.excepts(*_sentence(marked.tokens, cue.start)):
        limit = limit or "other"
    sides = sides_near(marked.side_words, clause, cue.start, cue.end)
    return Claim(
        "enlarged" if size else lexicon.ROOT,
        frozenset(place.organ for place in near),
        sides or (near[0].sides if len(near) == 1 else NONE),
        "absent",
        inferred=False,
        limit=limit,
        start=near[0].start if near else cue.start,
        end=cue.end,
        normal=True,
    )


def _list_start(tokens: Sequence[Token], clause: Clause, first: int, cue: Match) -> int:
    """Where the list begins that ends in the chunk of ``cue`` ("heart, lungs and pleura ...")."""
    joined = any(token.low == "and" for token in tokens[first : cue.start])
    starts = [start for start in clause.chunks if start < first]
    plain_list = all(
        token.low not in data("cues")["breaks"]["be"] for token in tokens[clause.start : first]
    )
    return starts[0] if joined and starts and plain_list else first


def _speaks_of(tokens: Sequence[Token], cue: Match, near: Sequence[Place]) -> bool:
    """Whether "normal" stands for itself or before anatomy, not before another noun."""
    if cue.end >= len(tokens) or tokens[cue.end].kind != "word":
        return True
    table = data("cues")["normality"]
    following = tokens[cue.end]
    known = {following.low, following.stem} & {*table["after"], *table["size"]}
    return bool(known) or any(place.start == cue.end for place in near)
