"""Routes of the review room: the desk's document, versions, checks, steps, signatures, exports.

Every function of `medmm.assembly` that is called asks for rights and records what it did.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from medmm.assembly import report_life, report_signing, reviewing, reviewing_edits
from medmm.assembly.homes import OpenHome
from medmm.assembly.reviewing_documents import shown
from medmm.assembly.reviewing_edits import Written
from medmm.assembly.reviewing_signing import addend, sign
from medmm.errors import AccessError, ConflictError, InputError, UsageError
from ui.answers import refusal
from ui.visits import home_of, visit_of

MOST = 2**31 - 1
LONGEST = 4_000
"""Characters of one statement on its way; what a version takes is `medmm.records.edit_files`'."""
MOST_STATEMENTS = 2_000
REPORT = "/api/reports/{report}"
PRIVATE = {"Cache-Control": "private, no-store"}
Form = Literal["pdf", "dicom-pdf", "fhir", "json", "text"]
FORMS: Mapping[Form, tuple[str, str]] = MappingProxyType(
    {
        "pdf": ("pdf", "application/pdf"),
        "dicom-pdf": ("dcm", "application/dicom"),
        "fhir": ("fhir.json", "application/fhir+json"),
        "json": ("json", "application/json"),
        "text": ("txt", "text/plain; charset=utf-8"),
    }
)
"""Ending and media type of each form a report leaves in."""

router = APIRouter()


def hands(request: Request) -> OpenHome:
    """The home in the hands of who asks."""
    return home_of(request)


Home = Annotated[OpenHome, Depends(hands)]
Number = Annotated[int, Path(ge=1, le=MOST)]
Asked = Annotated[int, Query(ge=1, le=MOST)]
Version = Annotated[int, Field(ge=1, le=MOST)]


class Body(BaseModel):
    """What a script of ours sends; anything else in it is refused."""

    model_config = ConfigDict(extra="forbid")


class Statement(Body):
    """A statement on the page: of the version by ``id``, else new by ``key``."""

    id: Annotated[str, Field(max_length=40)] | None = None
    key: Annotated[str, Field(max_length=40)] = ""
    section: Annotated[str, Field(max_length=40)] = ""
    text: Annotated[str, Field(max_length=LONGEST)] | None = None

    @property
    def written(self) -> Written:
        """As the assembly takes it."""
        return Written(self.id, self.key, self.section, self.text)


class Edit(Body):
    """All statements of the page, over the version they are based on."""

    based_on: Version
    statements: Annotated[list[Statement], Field(max_length=MOST_STATEMENTS)]
    reason: Annotated[str, Field(max_length=2_000)] = ""

    @property
    def written(self) -> list[Written]:
        """As the assembly takes them."""
        return [one.written for one in self.statements]


class Why(Body):
    """A reason."""

    reason: Annotated[str, Field(max_length=2_000)] = ""


class Password(Body):
    """Who signs, shown again by the password."""

    name: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1_024)]


class Sign(Password):
    """A signature under the version that was shown."""

    based_on: Version
    meaning: Annotated[str, Field(max_length=2_000)] = ""
    confirmed: Annotated[
        dict[str, Annotated[str, Field(max_length=2_000)]],
        Field(max_length=MOST_STATEMENTS, default_factory=dict),
    ]


class Addendum(Password):
    """An addendum's text and signature."""

    text: Annotated[str, Field(max_length=1_000_000)]


@router.get("/api/studies/{study}/desk")
def desk(
    opened: Home, study: Number, report: Annotated[int | None, Query(ge=1, le=MOST)] = None
) -> Response:
    """A study with its newest report, or the one that is named."""
    return _told(reviewing.desk(opened, study, report))


@router.get(f"{REPORT}/versions/{{version}}")
def version(opened: Home, report: Number, version: Number) -> Response:
    """A version's statements."""
    return _told(reviewing.version_document(opened, report, version))


@router.get(f"{REPORT}/differences")
def differences(opened: Home, report: Number, before: Asked, after: Asked) -> Response:
    """What became of each statement between two versions."""
    found = report_life.compare(opened, report, before, after)
    return _told({"differences": [shown(one.document) for one in found]})


@router.post(f"{REPORT}/versions")
def save(opened: Home, report: Number, edit: Edit) -> Response:
    """Make a version of what stands on the page; where another came first, both texts."""
    try:
        with _as_input():
            made = reviewing_edits.save(opened, report, edit.based_on, edit.written, edit.reason)
    except ConflictError as error:
        return refusal(
            409,
            f"Somebody else saved version {error.last} while you were editing.",
            "Nothing of yours is lost: choose which words to go on with.",
            code="conflict",
            based_on=error.based_on,
            last=error.last,
            texts=reviewing.conflict(opened, report, edit.based_on),
        )
    return _told(made)


@router.get(f"{REPORT}/conflict")
def conflict(opened: Home, report: Number, based_on: Asked) -> Response:
    """The version that somebody's text is based on, and the last one."""
    return _told(reviewing.conflict(opened, report, based_on))


@router.post(f"{REPORT}/checks")
def checks(opened: Home, report: Number, edit: Edit) -> Response:
    """What the checks say of words that are not saved."""
    found = reviewing_edits.recheck(opened, report, edit.based_on, edit.written)
    return _told({"checks": found})


@router.post(f"{REPORT}/hand-on")
def hand_on(opened: Home, report: Number, why: Why) -> Response:
    """A reporter hands a draft on."""
    with _as_input():
        return _told(report_life.hand_on(opened, report, reason=why.reason))


@router.post(f"{REPORT}/cancel")
def cancel(opened: Home, report: Number, why: Why) -> Response:
    """Give up a report that was never signed."""
    with _as_input():
        return _told(report_life.cancel(opened, report, reason=why.reason))


@router.get(f"{REPORT}/to-sign")
def to_sign(opened: Home, report: Number) -> Response:
    """What would be signed now."""
    return _told(shown(report_signing.to_sign(opened, report)))


@router.post(f"{REPORT}/signatures")
async def signature(request: Request, opened: Home, report: Number, given: Sign) -> Response:
    """Sign the version that was shown."""
    try:
        with _as_input():
            made = await visit_of(request).frame.hashing.run(
                sign,
                opened,
                report,
                user=given.name,
                password=given.password,
                based_on=given.based_on,
                meaning=given.meaning,
                confirmed=given.confirmed,
            )
    except ConflictError as error:
        raise ConflictError(
            error.message,
            "Nothing was signed: load the page again and look at it first.",
            based_on=error.based_on,
            last=error.last,
        ) from error
    return _told(made)


@router.post(f"{REPORT}/addenda")
async def addendum(request: Request, opened: Home, report: Number, given: Addendum) -> Response:
    """Put an addendum beside a signed report."""
    with _as_input():
        made = await visit_of(request).frame.hashing.run(
            addend, opened, report, given.text, user=given.name, password=given.password
        )
    return _told(made)


@router.get(f"{REPORT}/history")
def history(opened: Home, report: Number) -> Response:
    """Versions, statuses, signatures, addenda, times and exports."""
    return _told(reviewing.history(opened, report))


@router.get(f"{REPORT}/exports/{{form}}")
def export(opened: Home, report: Number, form: Form) -> Response:
    """The report's last version, to be taken away; browsers must not show it as a page of ours."""
    data = reviewing.exported(opened, report, form)
    ending, kind = FORMS[form]
    headers = {
        **PRIVATE,
        "Content-Disposition": f'attachment; filename="report-{report}.{ending}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=kind, headers=headers)


@contextmanager
def _as_input() -> Iterator[None]:
    """Refusals in the page's own words: of what was typed as wrong usage, and of a password.

    (A wrong password is no session that is over: who asks stays signed in.)
    """
    try:
        yield
    except AccessError as error:
        if error.code != "sign-in":
            raise
        raise AccessError(error.message, "Type it again.", code="password") from error
    except UsageError as error:
        # Its mend names options of a command.
        raise InputError(error.message, "Mend it and try again.", code="usage") from error


def _told(document: object) -> Response:
    return JSONResponse(document, headers=PRIVATE)
