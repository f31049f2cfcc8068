"""Another language is another table: not one word of English is left in the code."""

import re
import tomllib
from importlib.resources import files

import pytest

from medmm.drafting.composer import Composer
from medmm.drafting.composer.phrases import Phrases, phrases
from medmm.errors import MissingError
from tests.drafting.builders import (
    case,
    lungs_result,
    nodules_result,
    not_run,
    prior,
    refused,
    series,
    study,
)

ENGLISH = tomllib.loads(
    (files("medmm.drafting") / "phrases" / "en.toml").read_text(encoding="utf-8")
)
FIELD = re.compile(r"\{[^{}]*\}")


def tiny_language() -> str:
    """A language in which every sentence is its key and its fields, and every name one syllable."""
    lines = [
        'language = "tiny"',
        "[grammar]",
        'between = "、"',
        'last = "、"',
        'beside = "；"',
        'stop = "。"',
        "lowered = []",
        "plural = []",
        "[figures]",
        'value = "{number}{unit}"',
        'bare = "{number}"',
        'pair = "{first}×{second}"',
        'less = "<{value}"',
        'more = ">{value}"',
        'rise = "+{value}"',
        'fall = "-{value}"',
        "[figures.units]",
        "[dates]",
        'day = "{year}-{month}-{day}"',
        f"months = {[str(n) for n in range(1, 13)]}",
        "[dates.intervals]",
        *(f'{unit} = ["{{count}}δ", "{{count}}δ"]' for unit in ("day", "week", "month", "year")),
        "[[certainty]]",
        "from = 0.0",
        'words = "ω"',
        "[regions.any]",
        *(f'{form} = "{sign}{{name}}"' for form, sign in zip(
            ("one", "right", "left", "both"), "·→←↔", strict=True)),
        "[concepts.any]",
        *(f'{form} = "κ{{name}}"' for form in ("a", "name", "many", "maybe", "maybe-many")),
        "[sentences]",
    ]  # fmt: skip
    for key, template in ENGLISH["sentences"].items():
        fields = "·".join(FIELD.findall(template))
        lines.append(f'{key} = "«{list(ENGLISH["sentences"]).index(key)}»{fields}"')
    return "\n".join(lines)


@pytest.fixture
def whole_case():
    of = study(series(2), refused(3, ""), series(4, start_z=500.0))
    made = case(
        lungs_result(notes=()), nodules_result((16.8, 11.6), (9.0, 7.0)), of=of, prior=prior()
    )
    runs = (*made.runs, not_run("other", ""))
    return Composer, made.__class__(of, made.results, runs, prior=made.prior)


def test_a_second_language_is_only_data(whole_case) -> None:
    _, of = whole_case
    english = Composer().write(of)
    tiny = Composer(Phrases.of(tiny_language())).write(of)
    assert [one.section for one in tiny] == [one.section for one in english]
    assert [one.state for one in tiny] == [one.state for one in english]
    assert [one.evidence for one in tiny] == [one.evidence for one in english]
    given = {"ct", "chest", "hu", "ml", "mm", "l", "other"} | {"lungs", "nodule"}
    labels = set(re.findall(r"[a-z]+", " ".join(tiny_names())))
    for one in tiny:
        assert one.text.endswith("。")
        left = set(re.findall(r"[a-z]+", one.text.lower())) - given - labels
        assert not left, one.text


def tiny_names() -> list[str]:
    """Names that the tiny language lacks on purpose: labels stand in for them."""
    from medmm.drafting import examinations

    names = [
        name
        for template in examinations.templates()
        for one in template.structures
        for name in (one.name, *one.parts)
    ]
    return [*names, "volume mean attenuation emphysema index long axis short axis axial"]


def test_sides_and_figures_survive_the_second_language(whole_case) -> None:
    _, of = whole_case
    tiny = " ".join(one.text for one in Composer(Phrases.of(tiny_language())).write(of))
    assert "→lung" in tiny
    assert "2.35L" in tiny
    assert "16.8×11.6mm" in tiny
    assert "2025-9-10" in tiny


def test_a_table_that_lacks_a_sentence_is_refused_with_its_name() -> None:
    lacking = re.sub(r"(?m)^no-prior = .*$", "", tiny_language())
    with pytest.raises(MissingError, match="no-prior"):
        Phrases.of(lacking)


def test_a_table_with_an_unknown_field_is_refused() -> None:
    wrong = re.sub(r"(?m)^no-prior = .*$", 'no-prior = "{nobody}"', tiny_language())
    with pytest.raises(MissingError, match="no-prior"):
        Phrases.of(wrong)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(MissingError, match="xx"):
        phrases("xx")


def test_every_sentence_of_the_table_is_said_somewhere_in_the_code() -> None:
    folder = files("medmm.drafting.composer")
    code = "".join(
        file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".py")
    )
    made = re.compile(
        r"-(one|many|count|up|down|left|right|both|slice|upper|middle|lower|also|rest|unsized"
        r"|demonstrator|uncalibrated|plain|limited|doubtful|method|uncertainty|earlier|later)$"
    )
    for key in ENGLISH["sentences"]:
        stem = key
        while f'"{stem}' not in code and made.search(stem):
            stem = made.sub("", stem)
        assert f'"{stem}' in code, key
