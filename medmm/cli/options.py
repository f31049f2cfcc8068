"""The flags that commands share, each said once."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="Where medmm keeps everything (default: MEDMM_HOME, else the user data folder).",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout; messages go to stderr.")
]
VerboseOption = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Say more on stderr; twice for debug.")
]
ModalityOption = Annotated[
    str | None,
    typer.Option("--modality", metavar="M", help="For files that do not say it (CT, MR, DX, ...)."),
]
BodyPartOption = Annotated[
    str | None,
    typer.Option("--body-part", metavar="B", help="For files that do not say it (CHEST, ...)."),
]
SpacingOption = Annotated[
    str | None,
    typer.Option(
        "--spacing",
        metavar="R,C[,S]",
        help="For files that do not say it: gap between rows, columns, slices in mm.",
    ),
]
