"""Routes of the viewer: its document, slices, masks. Rights are asked for every one of them.

Pixels leave exactly as they are kept, straight from the mapped pixel store: nothing is scaled and
no file is written. Only the document of a study leaves an event "read"; its slices do not.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import JSONResponse, Response

from medmm.assembly.acting import allowed, happened
from medmm.assembly.homes import OpenHome
from medmm.assembly.viewing import shown_series
from medmm.errors import NotFoundError
from medmm.records.access import Thing
from ui.viewer import asking, wire
from ui.viewer.asking import Place
from ui.viewer.document import viewer_document
from ui.viewer.masks import MaskShelf, cut, told
from ui.viewer.planes import PlaneName
from ui.visits import home_of

MOST = 2**31 - 1
MOST_MASKS = 32
LOOPBACK = frozenset({"127.0.0.1", "::1"})
PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Accept-Encoding, Cookie"}
SERIES = "/api/studies/{study}/series/{series}"

router = APIRouter()
shelf = MaskShelf()


def hands(request: Request) -> OpenHome:
    """The home in the hands of who asks."""
    return home_of(request)


Home = Annotated[OpenHome, Depends(hands)]
Number = Annotated[int, Path(ge=1, le=MOST)]
Report = Annotated[int, Query(ge=1, le=MOST)]
Version = Annotated[int | None, Query(ge=1, le=MOST)]


def placed(
    opened: Home,
    study: Number,
    series: Number,
    k: Annotated[int, Path(ge=0, le=MOST)],
    plane: PlaneName = "stored",
) -> Place:
    """The slice that a path names, if who asks may see its study."""
    allowed(opened, "read", Thing("study", study))
    return asking.place_of(opened, study, series, k, plane)


Placed = Annotated[Place, Depends(placed)]


@router.get("/api/studies/{study}/viewer")
def document(
    opened: Home,
    study: Number,
    report: Annotated[int | None, Query(ge=1, le=MOST)] = None,
    version: Version = None,
) -> Response:
    """What of a study can be shown, and how; with a report's regions."""
    allowed(opened, "read", Thing("study", study))
    found = None
    if report is not None:
        allowed(opened, "read", Thing("report", report))
        found = (report, asking.report_document(opened, study, report, version))
    made = viewer_document(opened, study, found)
    happened(opened, "read", Thing("study", study))
    return JSONResponse(made, headers=PRIVATE)


@router.get(f"{SERIES}/slices/{{k}}")
def one_slice(
    request: Request,
    place: Placed,
    t: Annotated[int, Query(ge=0, le=MOST)] = 0,
    form: Annotated[str, Query(alias="format", pattern="^(raw|jpeg)$")] = "raw",
    window: Annotated[str | None, Query(max_length=64)] = None,
    quality: Annotated[int, Query(ge=1, le=100)] = 90,
) -> Response:
    """A slice's exact values, or a JPEG of it to scroll by."""
    values = place.values(t)
    if form == "raw":
        return _answer(request, place.tag(t), lambda: wire.raw(values))
    level = asking.window_of(window) if window else asking.first_window(place.series)
    inverted = place.series.inverted
    return _answer(
        request,
        place.tag(t, "jpeg", quality, level),
        lambda: wire.jpeg(values, level, inverted=inverted, quality=quality),
    )


@router.get(f"{SERIES}/padding/{{k}}")
def padding(request: Request, place: Placed) -> Response:
    """Which pixels of a slice were never measured, as bits."""
    mask = place.series.padding
    if mask is None:
        raise NotFoundError("Nothing of this series is padding.")
    bits = place.plane.cut(mask, place.number)
    return _answer(request, place.tag("padding"), lambda: wire.bits([bits]))


@router.get(f"{SERIES}/masks/{{region}}")
def where(
    opened: Home,
    study: Number,
    series: Number,
    region: str,
    report: Report,
    version: Version = None,
) -> Response:
    """In which slices a region's mask is."""
    allowed(opened, "read", Thing("study", study))
    allowed(opened, "read", Thing("report", report))
    shown = shown_series(opened, study, series)
    found = asking.report_document(opened, study, report, version)
    name = asking.mask_name(found, region, shown)
    return JSONResponse(told(shelf.get(opened, name, shown)), headers=PRIVATE)


@router.get(f"{SERIES}/masks/{{region}}/{{k}}")
def one_mask(
    request: Request,
    opened: Home,
    place: Placed,
    study: Number,
    region: str,
    report: Report,
    version: Version = None,
    count: Annotated[int, Query(ge=1, le=MOST_MASKS)] = 1,
) -> Response:
    """A region's mask on a slice, or on ``count`` slices from it on, as bits."""
    allowed(opened, "read", Thing("report", report))
    found = asking.report_document(opened, study, report, version)
    name = asking.mask_name(found, region, place.series)
    mask = shelf.get(opened, name, place.series)
    last = min(place.number + count, place.plane.shape[0])
    slices = range(place.number, last)
    return _answer(
        request,
        place.tag("mask", PurePath(name).name[:32], last),
        lambda: wire.bits([cut(mask, place.plane, number) for number in slices]),
    )


def _answer(request: Request, tag: str, make: Callable[[], wire.Sent]) -> Response:
    headers = {**PRIVATE, "ETag": f'"{tag}"'}
    known = request.headers.get("if-none-match", "").split(",")
    if headers["ETag"] in (one.strip() for one in known):
        return Response(status_code=304, headers=headers)
    sent = make()
    body = sent.body
    if sent.media_type != "image/jpeg" and _far(request):
        smaller = wire.squeezed(body)
        if smaller is not None:
            body = smaller
            headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=sent.media_type, headers=headers | sent.headers)


def _far(request: Request) -> bool:
    """Whether bytes travel a network: on this machine alone, compressing only costs time.

    Behind a proxy the frame names the real client.
    """
    client = request.client.host if request.client else ""
    return client not in LOOPBACK and "gzip" in request.headers.get("accept-encoding", "")
