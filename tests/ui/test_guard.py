"""Nobody gets anything without a session: every route there is, Gradio's included, is walked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.house import House, walked
from ui.gradio_calls import ROUTES
from ui.guard import OPEN, OPEN_ASSETS
from ui.headers import IMMUTABLE

PARAMETER = re.compile(r"\{[^}]+\}")
NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html"}


def concrete(path: str) -> str:
    return PARAMETER.sub("1", path)


def closed_paths(house: House) -> Iterator[tuple[str, str]]:
    for method, path in walked(house.app):
        if path not in OPEN:
            yield method, concrete(path)


def test_the_walk_sees_our_routes_and_gradios(house: House) -> None:
    paths = {path for _, path in walked(house.app)}
    assert {"/", "/sign-in", "/password", "/rooms/plain/gradio_api/queue/join"} <= paths
    assert "/rooms/plain/gradio_api/file={path_or_url:path}" in paths
    assert len(paths) > 70


def test_without_a_session_every_route_is_closed(house: House) -> None:
    visitor = house.visitor()
    for method, path in closed_paths(house):
        answer = visitor.request(method, path)
        assert answer.status_code == 401, (method, path)
        if method != "HEAD":
            assert answer.json()["code"] == "sign-in"


def test_a_page_without_a_session_leads_to_the_sign_in_and_back(house: House) -> None:
    visitor = house.visitor(**NAVIGATION)
    answer = visitor.get("/study/3?slice=4&x=/a b")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/study/3%3Fslice%3D4%26x%3D/a%2520b"
    for method, path in closed_paths(house):
        if method in {"GET", "HEAD"}:
            expected = 401 if path.startswith("/rooms/") else 303
            assert visitor.request(method, path).status_code == expected, path


def test_a_made_up_cookie_is_no_session(house: House) -> None:
    for token in ("", "x", "a" * 43, "' OR 1=1 --", "%00", "0" * 5000):
        visitor = house.visitor(cookie=f"medmm={token}")
        assert visitor.get("/password").status_code == 401, token


def test_two_session_cookies_are_none(house: House) -> None:
    visitor = house.signed_in()
    token = visitor.cookies["medmm"]
    two = house.visitor(cookie=f"medmm={token}; medmm={token}")
    assert two.get("/password").status_code == 401
    assert house.visitor(cookie=f"medmm={token}").get("/password").status_code == 200


def test_an_ended_session_opens_nothing(house: House) -> None:
    visitor = house.signed_in()
    token = visitor.cookies["medmm"]
    assert visitor.post("/sign-out").status_code == 303
    stolen = house.visitor(cookie=f"medmm={token}")
    for method, path in closed_paths(house):
        assert stolen.request(method, path).status_code == 401, (method, path)


def test_with_a_session_only_the_listed_routes_of_gradio_are_open(house: House) -> None:
    visitor = house.signed_in()
    mount = "/rooms/plain"
    opened = set()
    for method, path in closed_paths(house):
        if not path.startswith(mount) or method == "OPTIONS":
            continue
        # A heartbeat and a stream of events would never end here.
        inner = path.removeprefix(mount)
        if any(method == allowed and rule.fullmatch(inner) for allowed, rule in ROUTES):
            opened.add((method, inner))
            continue
        answer = visitor.request(method, path)
        assert answer.status_code == 404, (method, path)
        if method != "HEAD":
            assert answer.json()["error"] == "There is nothing here."
    assert len(opened) == len(ROUTES)


def test_a_session_opens_what_it_should(house: House) -> None:
    visitor = house.signed_in()
    for path in ("/plain/x", "/password", "/rooms/plain/theme.css", "/rooms/plain/gradio_api/info"):
        assert visitor.get(path).status_code == 200, path


def test_open_assets_are_open_and_others_are_not(house: House) -> None:
    visitor = house.visitor()
    for name in OPEN_ASSETS:
        answer = visitor.get(house.frame.asset(name))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == IMMUTABLE
    assert visitor.get(house.frame.asset("room.js")).status_code == 401
    version = house.frame.assets.version
    for name in ("x/frame.css", "../frame.css", "..%2fframe.css", "frame.css/x"):
        assert visitor.get(f"/assets/{version}/{name}").status_code in {401, 404}, name


def test_ways_around_the_list_lead_nowhere(house: House) -> None:
    visitor = house.visitor()
    for path in (
        "//healthz", "/healthz/", "/healthz/..%2f", "/HEALTHZ", "/sign-in/", "/sign-in/x", "/./",
        "/%2e%2e/sign-in", "/sign-in%2f..%2f", "/rooms", "/rooms/", "/nothing", "/docs",
        "/openapi.json", "/redoc",
    ):  # fmt: skip
        assert visitor.get(path).status_code == 401, path


def test_no_path_leads_out_of_the_assets(house: House) -> None:
    visitor = house.signed_in()
    for folder in ("/assets", "/gradio-files"):
        for name in ("../frame.py", "%2e%2e/frame.py", "..%2fframe.py", "/etc/passwd",
                     "%2fetc%2fpasswd", "....//frame.py", "index.html", "room.py"):  # fmt: skip
            assert visitor.get(f"{folder}/1/{name}").status_code == 404, (folder, name)


def test_only_kinds_for_browsers_are_assets(house: House) -> None:
    assert {Path(name).suffix for name in house.frame.assets.files} <= {
        ".css", ".js", ".mjs", ".json", ".svg", ".png", ".ico", ".wasm", ".woff2", ".ttf",
    }  # fmt: skip


def test_healthz_is_open_and_says_ok_and_nothing_else(house: House) -> None:
    answer = house.visitor().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_a_websocket_is_closed_with_and_without_a_session(house: House) -> None:
    from starlette.websockets import WebSocketDisconnect

    for visitor in (house.visitor(), house.signed_in()):
        for path in ("/", "/rooms/plain/gradio_api/queue/join", "/healthz"):
            with pytest.raises(WebSocketDisconnect), visitor.websocket_connect(path):
                pass
