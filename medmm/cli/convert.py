"""``medmm convert``: files to arrays with a verdict per series; stores nothing."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medmm.cli.options import (
    BodyPartOption,
    HomeOption,
    JsonOption,
    ModalityOption,
    SpacingOption,
    VerboseOption,
)
from medmm.cli.output import Output

if TYPE_CHECKING:
    from medmm.dicom.intake import Intake
    from medmm.nouns import Series


class Form(StrEnum):
    """What to write."""

    NIFTI = "nifti"
    PNG = "png"
    NPZ = "npz"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: medmm convert scans/ arrays/ --to nifti --json")
    def convert(
        source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder, zip or file.")],
        out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write into.")],
        to: Annotated[Form | None, typer.Option("--to", help="Default: by kind.")] = None,
        fill: Annotated[
            bool, typer.Option("--fill", help="Interpolate missing slices, and say so.")
        ] = False,
        modality: ModalityOption = None,
        body_part: BodyPartOption = None,
        spacing: SpacingOption = None,
        home: HomeOption = None,
        as_json: JsonOption = False,
        verbose: VerboseOption = 0,
    ) -> None:
        """Turn files into arrays, a verdict per series."""
        from medmm.cli.running import run

        output = Output(as_json=as_json, verbose=verbose)

        def body() -> int:
            from medmm.assembly.reading import read_all
            from medmm.cli import facts

            found, problems = read_all(
                [source], facts.parse(modality, body_part, spacing, fill=fill)
            )
            for problem in problems:
                output.note(f"medmm: {problem.reason}")
            return _write(found, source, out, to, output)

        run(body, output, home)


def _write(found: "Intake", source: Path, out: Path, to: Form | None, output: Output) -> int:
    from medmm.assembly.reading import nothing_read
    from medmm.cli.reading import exit_code, reading_document, reading_text, tell_refusal
    from medmm.errors import InputError
    from medmm.home import storage_error

    series = [one for study in found.studies for one in study.series]
    if not series:
        raise nothing_read(found, source)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, out) from error
    outputs: dict[int, Path] = {}
    failed: dict[int, InputError] = {}
    for number, one in enumerate(series):
        if not one.usable:
            continue
        output.progress(f"writing series {number + 1} of {len(series)}")
        try:
            outputs[number] = _export(one, out, to)
        except InputError as error:
            failed[number] = error
        one.release()
    document = reading_document(found, outputs, failed)
    output.result(document, lambda: reading_text(document))
    tell_refusal(document, source, output)
    return exit_code(document, made=len(outputs))


def _export(series: "Series", out: Path, to: Form | None) -> Path:
    from medmm.dicom.export import write_series
    from medmm.home import storage_error

    chosen: Any = to.value if to else _usual_form(series)
    try:
        return write_series(series, out, chosen)
    except OSError as error:
        raise storage_error(error, out) from error


def _usual_form(series: "Series") -> str:
    """NIfTI for what has a place in the patient, PNG for pictures, npz for the rest."""
    if series.kind in ("volume", "4d"):
        return "nifti"
    return "png" if series.kind in ("picture", "cine") else "npz"
