"""An expert's card as text."""

from typing import Any

Card = dict[str, Any]


def card_text(card: Card) -> str:
    """The card in the order a careful user asks: what, on whom measured, on whom it fails."""
    parts = [
        f"{card['name']} {card['version']} ({card['status']})",
        card["task"],
        _line("Needs", card["needs"]),
        _listing("Gives", card["outputs"]),
        _listing("Can speak of", card["assesses"]),
        _listing("Measured", [_figure(figure) for figure in card["figures"]]),
        _listing("Fails on", card["failures"]),
        _listing("Refuses", card["refusals"]),
        _line("Calibration", card["calibration"]),
        _line("Made from", card["training_data"]),
        _cost(card["cost"]),
        _listing("Codes", [f"{c['scheme']} {c['code']} {c['meaning']}" for c in card["codes"]]),
        _listing("Weights", [f"{name} sha256 {value}" for name, value in card["weights"].items()]),
        _line("Licence", card["licence"]),
        _listing("References", card["references"]),
    ]
    return "\n".join(part for part in parts if part)


def _line(name: str, text: str) -> str:
    return f"{name}: {text}" if text else ""


def _listing(name: str, items: list[str]) -> str:
    if not items:
        return ""
    return f"{name}:\n" + "\n".join(f"  - {item}" for item in items)


def _figure(figure: Card) -> str:
    # UCUM's unit "1" is the unit of plain numbers; nobody says it.
    unit = f" {figure['unit']}" if figure["unit"] != "1" else ""
    text = f"{figure['what']}: {figure['value']:g}{unit}"
    if figure["interval"]:
        text += f" (interval {figure['interval'][0]:g} to {figure['interval'][1]:g})"
    text += f" on {figure['data']}"
    if figure["worst"]:
        text += f"; worst: {figure['worst']}"
    if figure["command"]:
        text += f" [{figure['command']}]"
    return text


def _cost(cost: Card | None) -> str:
    if not cost:
        return ""
    return f"Cost: {cost['seconds']:g} s, {cost['megabytes']:g} MB {cost['on']}".rstrip()
