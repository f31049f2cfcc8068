"""The errors' tree is drawn as it is, and each error has its exit code."""

import inspect
import re

from medmm import errors


def drawn() -> dict[str, int | None]:
    """Class names in the module's picture, with the exit code where one is drawn."""
    picture = inspect.getdoc(errors) or ""
    return {
        match["name"]: int(match["code"]) if match["code"] else None
        for match in re.finditer(r"(?P<name>\w+Error)\b(?: +exit (?P<code>\d+))?", picture)
    }


def test_the_picture_names_every_error_with_its_exit_code() -> None:
    classes = {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.MedmmError)
    }
    assert set(drawn()) == set(classes)
    for name, code in drawn().items():
        if code is not None:
            assert classes[name].exit_code == code


def test_an_error_reads_as_a_sentence_and_its_mend() -> None:
    error = errors.InputError("scan.dcm is cut short.", "Copy it again.", code="truncated")
    assert str(error) == "scan.dcm is cut short. Copy it again."
    assert (error.code, error.exit_code) == ("truncated", 3)
