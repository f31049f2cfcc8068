"""The gate's training and its rates on pictures that it never saw."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from expert_models.cxr_lungs import gate
from expert_models.cxr_lungs.film import Gray, Square
from expert_models.cxr_lungs.gate import Gate, Net
from expert_models.cxr_lungs.recipe import drawn
from expert_models.cxr_lungs.recipe.films import SALT, FilmFile, fingerprint
from expert_models.cxr_lungs.recipe.gating import (
    BASE,
    Film,
    GateBatches,
    gate_loss,
    gate_measure,
    gate_net,
    piece_of,
    twisted,
)
from expert_models.cxr_lungs.recipe.others import Other
from expert_models.training import split
from expert_models.training.loop import Job, Report, fit

if TYPE_CHECKING:
    from torch import nn

ADULTS_HELD_OUT = 0.35
ADULTS_REPEATED = 6
"""Adult films are few and the ones that users bring: each counts this often."""
DRAWN_EACH = 40
PIECES_EACH = 3


def is_held_out(film: FilmFile) -> bool:
    """Films that the gate never sees: the children's test part, a hashed share of the adults."""
    if film.source == "children":
        return film.part == "test"
    return split.share(film.patient, SALT + "-gate") < ADULTS_HELD_OUT


def train_gate(
    films: Sequence[FilmFile],
    others: Sequence[Other],
    out: Path,
    steps: int,
    seed: int,
    report: Report,
) -> "nn.Module":
    """Train it, or what is left to do in ``out``."""
    seen = [_square(film) for film in films if film.source == "children" and film.part == "train"]
    adults = [film for film in films if film.source == "adults" and not is_held_out(film)]
    seen += [_square(film) for film in adults] * ADULTS_REPEATED
    mine = [other for other in others if other.part == "train"]
    seen += [_bare(other.film) for other in mine if other.kind == "adult-film"] * ADULTS_REPEATED
    pictures = [other.film for other in mine if other.kind != "adult-film"]
    told = hashlib.sha256(fingerprint(films).encode())
    for other in mine:
        told.update(other.name.encode() + other.film.tobytes())
    job = Job(
        name="gate",
        make_net=gate_net,
        batch=GateBatches(seen, pictures, seed),
        loss=gate_loss,
        steps=steps,
        seed=seed,
        data=told.hexdigest(),
        learning_rate=2e-3,
        measure=gate_measure(GateBatches(seen, pictures, seed + 1)),
    )
    return fit(job, out / "gate", report)


def _square(film: FilmFile) -> Film:
    if film.mask is not None:
        return film.on_square(BASE)
    return _bare(film.film())


def _bare(film: Gray) -> Film:
    return Square.of(film, BASE).put(film), np.zeros((BASE, BASE), dtype=np.uint8)


def _pieces(films: Sequence[FilmFile]) -> list[Gray]:
    """Pieces of held-out films that lack at least one lung: shoulders, arms, necks, bellies."""
    draw = np.random.default_rng(978)
    drawn_films = [film for film in films if film.mask is not None and is_held_out(film)]
    squares = [film.on_square(BASE) for film in drawn_films for _ in range(PIECES_EACH)]
    pieces = (piece_of(film, lungs, draw) for film, lungs in squares)
    return [one for one in pieces if one is not None]


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture's scores: what it is and how it was twisted."""

    kind: str
    twist: str
    gate: Gate


TWISTS: dict[str, Callable[[Gray], Gray]] = {
    "as it is": lambda film: film,
    "mirrored": lambda film: twisted(film, mirrored=True, turns=0),
    "inverted": lambda film: (1 - film).astype(np.float32),
    "turned by a quarter": lambda film: twisted(film, mirrored=False, turns=1),
    "upside down": lambda film: twisted(film, mirrored=False, turns=2),
}


def look_at_held_out(net: Net, films: Sequence[FilmFile], others: Sequence[Other]) -> list[Seen]:
    """Held-out films, plain and twisted, and held-out pictures of other kinds."""
    shown: list[tuple[str, Gray]]
    shown = [(film.source, film.film()) for film in films if is_held_out(film)]
    shown += [(o.kind, o.film) for o in others if o.kind == "adult-film" and o.part == "test"]
    seen = [
        Seen(kind, twist, gate.look(net, how(film)))
        for kind, film in shown
        for twist, how in TWISTS.items()
    ]
    rest = [other for other in others if other.kind != "adult-film" and other.part == "test"]
    seen += [Seen(other.kind, "as it is", gate.look(net, other.film)) for other in rest]
    seen += [Seen("piece", "as it is", gate.look(net, one)) for one in _pieces(films)]
    seen += [
        Seen(
            f"drawn {name}", "as it is", gate.look(net, make(np.random.default_rng((977, number))))
        )
        for name, make in drawn.KINDS.items()
        for number in range(DRAWN_EACH)
    ]
    return seen
