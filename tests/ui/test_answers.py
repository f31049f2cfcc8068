"""What every answer says to browsers, and what the page takes of a request."""

import socket
from typing import Any

import pytest
from fastapi import Request

from medmm import logs
from medmm.errors import ConflictError, HomeError, InputError, LimitError, NotFoundError
from tests.records.conftest import Opened
from tests.ui.house import GOOD, House, built, served, walked
from tests.ui.test_guard import NAVIGATION, concrete
from ui import doorway, patience
from ui.headers import ALWAYS, IMMUTABLE, POLICY
from ui.options import Options


def test_every_answer_carries_the_headers_and_is_not_kept(house: House) -> None:
    for visitor in (house.visitor(), house.visitor(**NAVIGATION), house.signed_in()):
        for method, path in walked(house.app):
            if "heartbeat" in path or "queue/" in path:
                continue  # streams: those of their refusals are seen without a session
            answer = visitor.request(method, concrete(path))
            for name, value in ALWAYS.items():
                assert answer.headers.get_list(name) == [value], (name, path)
            assert "no-store" in answer.headers["cache-control"], path
            assert "server" not in answer.headers
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert "strict-transport-security" not in answer.headers
            if visitor.headers.get("x-csrf-token") and path == "/sign-out":
                break


def test_the_policy_runs_nothing_that_stands_in_a_text() -> None:
    rules = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe-eval" not in POLICY
    assert [name for name, value in rules.items() if "unsafe-inline" in value] == ["style-src-attr"]
    assert "http" not in POLICY
    assert "*" not in POLICY


def test_assets_are_kept_for_good_under_a_name_that_changes(house: House) -> None:
    visitor = house.signed_in()
    path = house.frame.asset("room.js")
    answer = visitor.get(path)
    assert answer.headers["cache-control"] == IMMUTABLE
    again = visitor.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    old = visitor.get("/assets/0123456789abcdef/room.js")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-store")


def test_assets_are_packed_for_who_takes_it(house: House) -> None:
    visitor = house.signed_in()
    path = house.frame.asset("frame.css")
    packed = visitor.get(path, headers={"accept-encoding": "gzip"})
    plain = visitor.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])


def test_a_page_is_never_kept_and_names_no_other_host(house: House) -> None:
    visitor = house.signed_in()
    for path in ("/plain/x", "/password", "/sign-in"):
        text = visitor.get(path).text.replace("http://127.0.0.1/", "").replace("w3.org", "")
        assert "https://" not in text.replace("https://www.gradio.app", "")
        assert "http://" not in text


FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("size", [doorway.BODY_BYTES + 1, 50_000_000])
def test_a_big_body_is_refused_said_or_not(house: House, size: int) -> None:
    visitor = house.signed_in()

    def pieces() -> Any:
        for _ in range(0, size, 65_536):
            yield b"x" * 65_536

    for path in ("/sign-in", "/sign-out", "/password", "/rooms/plain/gradio_api/queue/join"):
        said = visitor.post(path, headers={"content-length": str(size)}, content=b"")
        assert said.status_code == 413, path
        unsaid = visitor.post(path, content=pieces(), headers=FORM)
        assert unsaid.status_code == 413, path


def test_a_body_as_large_as_allowed_is_taken(house: House) -> None:
    body = b"old=" + b"x" * (doorway.BODY_BYTES - 4)
    answer = house.signed_in().post("/password", content=body, headers=FORM)
    assert answer.status_code == 403
    assert "password is wrong" in answer.text


def test_a_form_of_a_thousand_fields_is_refused(house: House) -> None:
    visitor = house.signed_in()
    del visitor.headers["x-csrf-token"]
    data = {f"f{number}": "x" for number in range(1000)}
    assert visitor.post("/sign-out", data=data).status_code == 403


def test_a_long_address_is_refused(house: House) -> None:
    assert house.visitor().get("/sign-in?next=" + "x" * 5000).status_code == 414


def test_lengths_that_say_two_things_are_refused(house: House) -> None:
    headers = {"transfer-encoding": "chunked", "content-length": "3"}
    assert house.visitor().post("/sign-in", content=b"x=1", headers=headers).status_code == 400


def test_errors_carry_a_number_and_never_a_trace(house: House) -> None:
    logs.start(house.frame.opened.home.logs, "INFO")

    @house.app.get("/api/try/{kind}")
    def fail(request: Request, kind: str) -> None:
        raise {
            "fault": ValueError("DOE^JANE in /secret/path"),
            "missing": NotFoundError("There is no study 9."),
            "conflict": ConflictError("Somebody was first.", "Look.", based_on=1, last=2),
            "limit": LimitError("Too much."),
            "input": InputError("No.", "Mend it.", code="x"),
            "home": HomeError("Not now."),
        }[kind]

    visitor = house.signed_in()
    expected = {"fault": 500, "missing": 404, "conflict": 409, "limit": 413, "input": 422,
                "home": 503}  # fmt: skip
    logged = ""
    for kind, status in expected.items():
        answer = visitor.get(f"/api/try/{kind}")
        assert answer.status_code == status, kind
        told = answer.json()
        logged = (house.frame.opened.home.logs / "medmm.log").read_text()
        assert f"id={told['id']}" in logged
        page = visitor.get(f"/api/try/{kind}", headers=NAVIGATION)
        assert page.status_code == status
        for text in (answer.text, page.text):
            assert "Traceback" not in text
            assert "DOE" not in text
            assert "secret" not in text
    assert "builtins.ValueError" in logged
    assert "DOE" not in logged
    assert visitor.get("/api/try/conflict").json()["last"] == 2


def test_what_does_not_fit_a_path_is_not_repeated(house: House) -> None:
    @house.app.get("/api/number/{number}")
    def number(number: int) -> int:
        return number

    answer = house.signed_in().get("/api/number/DOE-JANE")
    assert answer.status_code == 422
    assert "DOE" not in answer.text


def test_a_slow_body_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorway, "BODY_SECONDS", 0.2)
    with served(house.page) as address, socket.create_connection(at(address)) as client:
        client.settimeout(60)
        client.sendall(
            b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname="
        )
        assert b" 408 " in client.recv(65536).split(b"\r\n")[0]


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Dripping: "])
def test_a_head_that_never_ends_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.2)
    with served(house.page) as address, socket.create_connection(at(address)) as client:
        client.settimeout(60)
        client.sendall(said)
        assert client.recv(65536) == b""


def test_a_large_head_is_refused(house: House) -> None:
    with served(house.page) as address, socket.create_connection(at(address)) as client:
        client.settimeout(60)
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Big: " + b"x" * 70_000)
        assert b" 400 " in client.recv(65536).split(b"\r\n")[0]


def test_a_sign_in_over_a_real_connection_reaches_a_room(house: House) -> None:
    import httpx

    with served(house.page) as address, httpx.Client(base_url=address) as client:
        ours = {"origin": address}
        data = {"name": "rita", "password": GOOD}
        assert client.post("/sign-in", data=data, headers=ours).status_code == 303
        assert client.get("/plain/x").status_code == 200


def test_over_tls_every_answer_says_so(sqlite_home: Opened) -> None:
    with built(sqlite_home, Options(behind_proxy="https://reading.example")) as house:
        for host, status in (("reading.example", 200), ("evil.example", 421)):
            answer = house.visitor(host=host, origin="https://reading.example").get("/healthz")
            assert answer.status_code == status
            assert answer.headers["strict-transport-security"] == "max-age=31536000"


def at(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    return host, int(port)
