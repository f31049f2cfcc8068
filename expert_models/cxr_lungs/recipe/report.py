"""What a training leaves beside weights and card: split, outcomes, curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from expert_models.cxr_lungs.recipe.doubting import risk_coverage
from expert_models.cxr_lungs.recipe.figures import Judged, outcome_of
from expert_models.cxr_lungs.recipe.films import FilmFile
from expert_models.cxr_lungs.recipe.gate_schedule import Seen
from expert_models.training import checkpoint, curves

if TYPE_CHECKING:
    from expert_models.cxr_lungs.recipe.recipe import Measured


def write(
    out: Path, films: Sequence[FilmFile], measured: "Measured", seen: Sequence[Seen]
) -> list[Path]:
    """All tables and pictures; the files."""
    files = [_split(out, films), _outcomes(out, measured), _gates(out, seen)]
    return [*files, *_training_curves(out), *_risk(out, measured)]


def _split(out: Path, films: Sequence[FilmFile]) -> Path:
    path = out / "split.csv"
    curves.write_table(
        [
            {"film": film.name, "source": film.source, "patient": film.patient, "part": film.part}
            for film in films
        ],
        path,
    )
    return path


def _outcomes(out: Path, measured: "Measured") -> Path:
    path = out / "outcomes.csv"
    rows = [row for one in (*measured.children, *measured.adults) for row in _rows(one)]
    curves.write_table(rows, path)
    return path


def _rows(one: Judged) -> list[dict[str, object]]:
    film = one.outcome.film
    return [
        {
            "film": film.name,
            "source": film.source,
            "patient": film.patient,
            "kind": film.kind,
            "lung": lung,
            "dice": round(one.outcome.dice[side], 4),
            "estimated": round(one.guesses[side], 4),
            "doubtful": one.guesses[side] < one.border,
        }
        for side, lung in enumerate(("right", "left"))
    ]


def _gates(out: Path, seen: Sequence[Seen]) -> Path:
    path = out / "gate.csv"
    curves.write_table(
        [
            {
                "kind": one.kind,
                "twist": one.twist,
                "outcome": outcome_of(one),
                "chest film": round(one.gate.chest_film, 4),
                "inverted": round(one.gate.inverted, 4),
                "mirrored": round(one.gate.mirrored, 4),
                "turned": round(one.gate.turned, 4),
            }
            for one in seen
        ],
        path,
    )
    return path


def _training_curves(out: Path) -> list[Path]:
    rows: list[dict[str, object]] = []
    lines = {}
    for state in sorted(out.glob("*/state.pt")):
        saved = checkpoint.read(state, {})
        curve = saved["curve"] if saved else []
        rows += [{"training": state.parent.name, **row} for row in curve]
        if curve and "dice" in curve[0]:
            steps = [row["step"] for row in curve]
            lines[state.parent.name] = (steps, [row["dice"] for row in curve])
    table, picture = out / "curves.csv", out / "curves.png"
    curves.write_table(rows, table)
    curves.draw(
        lines,
        picture,
        title="Dice on tuning films while training",
        x="step",
        y="mean Dice, one size",
    )
    return [table, picture]


def _risk(out: Path, measured: "Measured") -> list[Path]:
    rows: list[dict[str, object]] = []
    lines = {}
    for name, judged in (("children", measured.children), ("adults", measured.adults)):
        curve = risk_coverage(
            [guess for one in judged for guess in one.guesses],
            [real for one in judged for real in one.outcome.dice],
        )
        lines[f"{name}: mean 1 - Dice"] = (curve.coverage, curve.risk)
        lines[f"{name}: worst 1 - Dice"] = (curve.coverage, tuple(1 - x for x in curve.worst))
        rows += [
            {"source": name, "coverage": one, "risk": two, "worst dice": three}
            for one, two, three in zip(curve.coverage, curve.risk, curve.worst, strict=True)
        ]
    table, picture = out / "risk_coverage.csv", out / "risk_coverage.png"
    curves.write_table(rows, table)
    curves.draw(
        lines, picture, title="Lungs from the surest on", x="share of lungs taken", y="1 - Dice"
    )
    return [table, picture]
