"""A foreign page can write nothing: token, origin, fetch metadata and host, each alone enough."""

from starlette.testclient import TestClient

from tests.records.conftest import Opened
from tests.ui.house import GOOD, OURS, House, built, walked
from ui.guard import OPEN, SAFE
from ui.options import Options


def bare(house: House, visitor: TestClient, **headers: str) -> TestClient:
    """The same session from a browser that says only this of where it comes from."""
    made = house.visitor()
    for name in OURS:
        del made.headers[name]
    made.headers.update({"cookie": f"medmm={visitor.cookies['medmm']}"} | headers)
    return made


def test_a_write_without_the_sessions_token_is_refused(house: House) -> None:
    visitor = house.signed_in()
    del visitor.headers["x-csrf-token"]
    for token in (None, "", "0" * 64, "x", "é".encode()):
        headers = {} if token is None else {"x-csrf-token": token}
        answer = visitor.post("/sign-out", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf"), token
    assert visitor.get("/password").status_code == 200


def test_every_unsafe_route_of_ours_wants_it(house: House) -> None:
    visitor = house.signed_in()
    del visitor.headers["x-csrf-token"]
    unsafe = [
        (method, path)
        for method, path in walked(house.app)
        if method not in SAFE and path not in OPEN and not path.startswith("/rooms/")
    ]
    assert len(unsafe) >= 3
    for method, path in unsafe:
        assert visitor.request(method, path).json()["code"] == "csrf", path


def test_the_token_of_another_session_is_none(house: House) -> None:
    mine, theirs = house.signed_in(), house.signed_in("ada")
    token = theirs.headers["x-csrf-token"]
    answer = mine.post("/sign-out", headers={"x-csrf-token": token})
    assert answer.json()["code"] == "csrf"


def test_the_token_in_a_form_will_do_but_not_twice_nor_in_the_address(house: House) -> None:
    visitor = house.signed_in()
    token = visitor.headers.pop("x-csrf-token")
    assert visitor.post(f"/sign-out?csrf_token={token}").status_code == 403
    twice = f"csrf_token={token}&csrf_token={token}"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert visitor.post("/sign-out", content=twice, headers=form).status_code == 403
    assert visitor.post("/sign-out", json={"csrf_token": token}).status_code == 403
    assert visitor.post("/sign-out", data={"csrf_token": token}).status_code == 303


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "http://localhost"},
    {"origin": "https://127.0.0.1"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1", "sec-fetch-site": "cross-site"},
    {"origin": "http://127.0.0.1", "sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
    {},
]
OWN = [
    {"origin": "http://127.0.0.1"},
    {"origin": "null", "sec-fetch-site": "same-origin"},
    {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "same-origin"},
]


def test_no_unsafe_method_is_taken_from_another_origin(house: House) -> None:
    visitor = house.signed_in()
    token = visitor.headers["x-csrf-token"]
    routes = [("POST", "/sign-in"), ("POST", "/sign-out"), ("POST", "/password")]
    routes += [("POST", f"/rooms/plain/gradio_api/{it}") for it in ("queue/join", "cancel")]
    for headers in FOREIGN:
        foreign = bare(house, visitor, **{"x-csrf-token": token}, **headers)
        for method, path in routes:
            answer = foreign.request(method, path, json={})
            assert (answer.status_code, answer.json()["code"]) == (403, "origin"), (headers, path)
    for headers in OWN:
        own = bare(house, visitor, **{"x-csrf-token": token}, **headers)
        data = {"old": "x", "new": "y", "again": "z"}
        assert own.post("/password", data=data).status_code == 422, headers
    assert visitor.get("/password").status_code == 200


def test_a_foreign_page_can_read_nothing_and_only_link_here(house: House) -> None:
    visitor = house.signed_in()
    cross = {"sec-fetch-site": "cross-site"}
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000"},
        cross,
        cross | {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        cross | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        cross | {"sec-fetch-mode": "cors", "origin": "https://evil.example"},
    ):
        foreign = bare(house, visitor, **headers)
        for path in ("/plain/x", "/rooms/plain/gradio_api/info", "/healthz"):
            answer = foreign.get(path)
            assert answer.status_code == 403, (headers, path)
            assert "access-control-allow-origin" not in answer.headers
    link = cross | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert bare(house, visitor, **link).get("/plain/x").status_code == 200


def test_no_preflight_is_granted(house: House) -> None:
    for visitor in (house.visitor(), house.signed_in()):
        answer = visitor.options(
            "/rooms/plain/gradio_api/queue/join",
            headers={"access-control-request-method": "POST", "origin": "http://127.0.0.1"},
        )
        assert answer.status_code in {401, 404}
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_foreign_host_is_refused_before_anything(house: House) -> None:
    visitor = house.signed_in()
    for host in (
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:7860",
        "", "127.0.0.1@evil.example", "0.0.0.0", "192.0.2.7", "[::ffff:127.0.0.1]",
        "127.0.0.1 evil", "[::1", "127.0.0.1:x:y",
    ):  # fmt: skip
        for path in ("/healthz", "/sign-in", "/"):
            answer = visitor.get(path, headers={"host": host})
            assert answer.status_code == 421, (host, path)


def test_hosts_of_ours_are_known_with_and_without_a_proxy() -> None:
    plain = Options()
    for host in ("127.0.0.1", "127.0.0.1:7860", "localhost:1", "[::1]:7860", "LOCALHOST"):
        assert plain.knows_host(host), host
    proxied = Options("10.0.0.5", 7860, "https://Reading.example:8443/medmm")
    assert proxied.knows_host("reading.example:8443")
    for host in ("reading.example", "evil.reading.example:8443", "reading.example:8443.evil"):
        assert not proxied.knows_host(host), host


def test_a_proxy_may_keep_the_prefix_or_take_it_off(sqlite_home: Opened) -> None:
    options = Options("127.0.0.1", 7860, "https://reading.example/medmm/")
    with built(sqlite_home, options) as house:
        ours = {"host": "reading.example", "origin": "https://reading.example"}
        visitor = house.visitor(**ours)
        data = {"name": "rita", "password": GOOD}
        token = visitor.post("/sign-in", data=data).cookies["__Host-medmm"]
        for prefix in ("/medmm", ""):
            inside = house.visitor(**ours, cookie=f"__Host-medmm={token}")
            page = inside.get(f"{prefix}/plain/x")
            assert page.status_code == 200
            assert 'src="https://reading.example/medmm/rooms/plain"' in page.text
            assert 'href="/medmm/gradio-files/' in page.text
            info = inside.get(f"{prefix}/rooms/plain/gradio_api/info")
            assert info.status_code == 200
            assert inside.get(f"{prefix}/rooms/plain/config").status_code == 404
        outside = house.visitor(**ours, accept="text/html")
        assert outside.get("/study/3").headers["location"] == "/medmm/sign-in?next=/study/3"
        assert house.visitor(**ours).get("/medmmx/healthz").status_code == 401
        assert house.visitor(**ours).get("/medmm/healthz").text == "ok"
