"""Curves of trainings and of risk as pictures and tables."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

Rows = Sequence[Mapping[str, object]]


def write_table(rows: Rows, path: Path) -> None:
    """Rows as CSV; columns are all keys in the order in which they first come."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def draw(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], path: Path, **words: str
) -> None:
    """Lines by name, each x and y, as a PNG; ``words`` are title, x and y."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, (x, y) in lines.items():
        axes.plot(x, y, label=name)
    axes.set(title=words.get("title", ""), xlabel=words.get("x", ""), ylabel=words.get("y", ""))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
