"""Signing in on the page: plain forms, the same answer to all who are wrong, every try recorded."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from medmm import logs
from medmm.records import audit, users
from medmm.records.passwords import FLOOR, Cost, Hasher
from medmm.records.users import NewUser
from tests.records.conftest import Opened
from tests.records.test_users import QUICK
from tests.ui.house import GOOD, HERE, OTHER, House, built, csrf_of
from ui.hashing import AT_ONCE, WAITING
from ui.local_paths import local_path


def try_in(visitor: TestClient, name: str, password: str, then: str = "/") -> tuple[int, str]:
    answer = visitor.post("/sign-in", data={"name": name, "password": password, "next": then})
    return answer.status_code, answer.text


def test_the_right_password_leads_on_with_one_strict_cookie(house: House) -> None:
    visitor = house.visitor()
    answer = visitor.post(
        "/sign-in", data={"name": "rita", "password": GOOD, "next": "/study/3?slice=4"}
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/study/3?slice=4"
    (cookie,) = answer.headers.get_list("set-cookie")
    name, _, rest = cookie.partition("=")
    assert name == "medmm"
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=strict"}
    assert visitor.get("/plain/x").status_code == 200


def test_behind_tls_the_cookie_is_the_hosts_alone(sqlite_home: Opened) -> None:
    from ui.options import Options

    options = Options("0.0.0.0", 7860, "https://reading.example/medmm")
    with built(sqlite_home, options) as house:
        visitor = house.visitor(host="reading.example", origin="https://reading.example")
        answer = visitor.post("/sign-in", data={"name": "rita", "password": GOOD, "next": "/x"})
        assert answer.headers["location"] == "/medmm/x"
        (cookie,) = answer.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-medmm=")
        assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert "max-age" in answer.headers["strict-transport-security"]


def test_unknown_wrong_and_disabled_get_the_same_answer(house: House) -> None:
    database = house.frame.opened.database
    users.add_user(database, NewUser("dora", "reader", GOOD), hasher=QUICK)
    users.disable_user(database, "dora")
    answers = {
        try_in(house.visitor(f"198.51.100.{number}"), name, password)[1].replace(name, "NAME")
        for number, (name, password) in enumerate(
            [("rita", "wrong password"), ("nobody", GOOD), ("dora", GOOD), ("rita", "")]
        )
    }
    assert len(answers) == 1
    assert "The name or the password is wrong." in answers.pop()


def test_after_five_misses_the_wait_is_shown_and_the_right_password_waits_too(house: House) -> None:
    visitor = house.visitor()
    for _ in range(5):
        assert try_in(visitor, "rita", "wrong password")[0] == 403
    answer = visitor.post("/sign-in", data={"name": "rita", "password": GOOD})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert "Wait 1 s" in answer.text
    house.pass_time(seconds=1)
    assert try_in(visitor, "rita", GOOD)[0] == 303


def test_an_address_is_slowed_down_whatever_names_it_tries(house: House) -> None:
    visitor = house.visitor()
    assert [try_in(visitor, f"user{number}", "x")[0] for number in range(6)] == [403] * 5 + [429]
    assert try_in(house.visitor("203.0.113.9"), "rita", GOOD)[0] == 303


def test_the_client_cannot_choose_its_address(house: House) -> None:
    for number in range(5):
        forged = house.visitor(**{"x-forwarded-for": f"203.0.113.{number}"})
        assert try_in(forged, f"user{number}", "x")[0] == 403
    assert try_in(house.visitor(**{"x-forwarded-for": "203.0.113.77"}), "rita", GOOD)[0] == 429


def test_a_proxys_word_on_the_address_is_its_last(sqlite_home: Opened) -> None:
    from ui.options import Options

    with built(sqlite_home, Options(behind_proxy="https://reading.example")) as house:
        visitor = house.visitor(
            host="reading.example",
            origin="https://reading.example",
            **{"x-forwarded-for": "6.6.6.6, 198.51.100.7"},
        )
        try_in(visitor, "rita", "wrong password")
        assert [event[2] for event in house.events("sign_in")] == ["198.51.100.7"]


def test_what_was_tried_is_recorded_with_its_address(any_house: House) -> None:
    visitor = any_house.visitor()
    try_in(visitor, "rita", "wrong password")
    try_in(visitor, GOOD, "typed in the wrong field")
    try_in(visitor, "RITA", GOOD)
    visitor.post("/sign-out", headers={"x-csrf-token": csrf_of(visitor)})
    assert [event[:3] for event in any_house.events("sign_in")] == [
        ("rita", "denied", HERE),
        ("unknown", "denied", HERE),
        ("rita", "ok", HERE),
    ]
    assert [event[:3] for event in any_house.events("sign_out")] == [("rita", "ok", HERE)]
    opened = any_house.frame.opened
    assert audit.verify(opened.database, opened.home) == []


def test_the_token_is_another_at_each_sign_in_and_the_one_before_is_over(house: House) -> None:
    visitor = house.visitor()
    tokens = []
    for _ in range(2):
        try_in(visitor, "rita", GOOD)
        tokens.append(visitor.cookies["medmm"])
    assert tokens[0] != tokens[1]
    assert house.visitor(cookie=f"medmm={tokens[0]}").get("/password").status_code == 401


def test_a_token_that_was_planted_is_not_taken_over(house: House) -> None:
    visitor = house.visitor(cookie="medmm=planted")
    answer = visitor.post("/sign-in", data={"name": "rita", "password": GOOD})
    assert "planted" not in answer.headers["set-cookie"]
    assert house.visitor(cookie="medmm=planted").get("/password").status_code == 401


@pytest.mark.parametrize(
    "given",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example",
     "\\\\evil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b", "evil.example", "", "/é",
     "/sign-out", "/sign-in?next=/", "/a\\b", "///evil.example", "/" * 600, "/x\x00y", "/<b>"],
)  # fmt: skip
def test_a_sign_in_leads_nowhere_but_here(given: str) -> None:
    assert local_path(given) == "/"


@pytest.mark.parametrize("given", ["/", "/study/3", "/study/3?slice=4&w=1,2", "/report/9#s3"])
def test_a_path_of_ours_is_kept(given: str) -> None:
    assert local_path(given) == given


def test_a_foreign_next_is_not_followed_by_form_nor_link(house: House) -> None:
    visitor = house.visitor()
    page = visitor.get("/sign-in", params={"next": "//evil.example"}).text
    assert "evil" not in page
    answer = visitor.post(
        "/sign-in", data={"name": "rita", "password": GOOD, "next": "https://evil.example"}
    )
    assert answer.headers["location"] == "/"
    answer = visitor.get("/sign-in", params={"next": "//evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_names_and_messages_are_escaped(house: House) -> None:
    text = try_in(house.visitor(), '"><script>alert(1)</script>', "x")[1]
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_pages_have_no_script_and_no_style_of_their_own(house: House) -> None:
    visitor = house.visitor()
    pages = [visitor.get("/sign-in").text, house.signed_in().get("/password").text]
    for page in pages:
        assert "<script" not in page
        assert "style=" not in page
        assert "<style" not in page
        assert " on" not in page.replace(" one", "").replace(" only", "")


def test_a_one_time_password_opens_nothing_but_choosing_another(house: House) -> None:
    database = house.frame.opened.database
    users.add_user(database, NewUser("nina", "signer", GOOD, must_change=True), hasher=QUICK)
    visitor = house.signed_in("nina")
    for path in ("/", "/assets/1/room.js", "/rooms/plain/gradio_api/info", "/nothing"):
        assert visitor.get(path).status_code == 403, path
    page = visitor.get("/", headers={"sec-fetch-mode": "navigate", "accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/password")
    same = {"old": GOOD, "new": GOOD, "again": GOOD}
    assert visitor.post("/password", data=same).status_code == 422
    before = visitor.cookies["medmm"]
    answer = visitor.post("/password", data={"old": GOOD, "new": OTHER, "again": OTHER})
    assert answer.status_code == 303
    assert visitor.cookies["medmm"] != before
    assert visitor.get("/plain/x").status_code == 200
    assert house.visitor(cookie=f"medmm={before}").get("/password").status_code == 401
    assert [event[:3] for event in house.events("set_password")] == [("nina", "ok", HERE)]


def test_changing_a_password_ends_all_other_sessions(house: House) -> None:
    here, there = house.signed_in(), house.signed_in()
    answer = here.post("/password", data={"old": GOOD, "new": OTHER, "again": OTHER})
    assert answer.status_code == 303
    assert here.get("/password").status_code == 200
    assert there.get("/password").status_code == 401


def test_a_wrong_old_password_or_two_new_ones_change_nothing(house: House) -> None:
    visitor = house.signed_in()
    for old, new, again, status in (
        ("wrong password", OTHER, OTHER, 403),
        (GOOD, OTHER, f"{OTHER}.", 422),
        (GOOD, "short", "short", 422),
        (GOOD, "rita rita rita", "rita rita rita", 422),
    ):
        answer = visitor.post("/password", data={"old": old, "new": new, "again": again})
        assert answer.status_code == status, (old, new)
        assert 'role="alert"' in answer.text
        assert new not in answer.text
    assert try_in(house.visitor(), "rita", GOOD)[0] == 303


def test_sign_out_everywhere_ends_all_sessions_of_the_user_and_no_other(house: House) -> None:
    here, there, other = house.signed_in(), house.signed_in(), house.signed_in("ada")
    assert here.post("/sign-out-everywhere").status_code == 303
    assert [visitor.get("/password").status_code for visitor in (here, there, other)] == [
        401, 401, 200,
    ]  # fmt: skip


def test_a_disabled_users_next_request_is_refused(house: House) -> None:
    visitor = house.signed_in()
    assert visitor.get("/plain/x").status_code == 200
    users.disable_user(house.frame.opened.database, "rita")
    assert visitor.get("/plain/x").status_code == 401


def test_a_changed_role_ends_the_session(house: House) -> None:
    visitor = house.signed_in("sam")
    users.change_role(house.frame.opened.database, "sam", "reader")
    assert visitor.get("/plain/x").status_code == 401


def test_a_session_idles_out_on_the_page(house: House) -> None:
    visitor = house.signed_in()
    house.pass_time(minutes=14)
    assert visitor.get("/password").status_code == 200
    house.pass_time(minutes=14)
    assert visitor.get("/password", headers={"x-medmm-background": "1"}).status_code == 200
    house.pass_time(minutes=1)
    assert visitor.get("/password").status_code == 401


@dataclass(frozen=True)
class CountingDoor(Hasher):
    """Counts who is hashing: now, at most, in all. The first two wait for each other."""

    cost: Cost = FLOOR
    inside: list[int] = field(default_factory=lambda: [0, 0, 0], compare=False)
    guard: threading.Lock = field(default_factory=threading.Lock, compare=False)
    both: threading.Barrier = field(default_factory=lambda: threading.Barrier(2), compare=False)

    def matches(self, kept: str | None, password: str) -> bool:
        with self.guard:
            self.inside[0] += 1
            self.inside[1] = max(self.inside[:2])
            self.inside[2] += 1
            early = self.inside[2] <= AT_ONCE
        if early:
            self.both.wait()
        found = super().matches(kept, password)
        with self.guard:
            self.inside[0] -= 1
        return found


def test_twenty_who_sign_in_at_once_hash_two_at_a_time(sqlite_home: Opened) -> None:
    hasher = CountingDoor()
    with built(sqlite_home, hasher=hasher) as house:
        gate = threading.Barrier(20)

        def one(number: int) -> int:
            visitor = house.visitor(f"203.0.113.{number}")
            gate.wait()
            return try_in(visitor, f"user{number}", "x")[0]

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(one, range(20)))
    # 64 MiB each: what is bounded is the memory.
    assert hasher.inside[1] == AT_ONCE == 2
    assert answers == [403] * 20
    assert WAITING > 20


def test_no_account_is_there_by_default(sqlite_home: Opened) -> None:
    assert users.list_users(sqlite_home.database) == []


def test_no_password_is_in_the_log(house: House) -> None:
    logs.start(house.frame.opened.home.logs, "DEBUG")
    try_in(house.visitor(), "rita", "wrong-password-xyz")
    house.signed_in()
    house.visitor().get("/nothing")
    written = list(house.frame.opened.home.logs.glob("*"))
    assert written
    for path in written:
        assert "wrong-password-xyz" not in Path(path).read_text()
        assert GOOD not in Path(path).read_text()
