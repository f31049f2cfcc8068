"""What Gradio keeps for one session is nobody else's: hashes, events, files."""

import json
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from medmm import logs
from tests.ui.house import House

MOUNT = "/rooms/plain"
MINE = "abc123def45"
TRIES = 50


def join(visitor: TestClient, name: Any, query: str = "", **more: Any) -> Any:
    body = {"data": ["{}", query], "fn_index": 0, "session_hash": name, "trigger_id": None} | more
    return visitor.post(f"{MOUNT}/gradio_api/queue/join", json=body)


def data(visitor: TestClient, name: str) -> str:
    """The whole stream of a session hash's events; it ends when none is pending."""
    answer = visitor.get(f"{MOUNT}/gradio_api/queue/data", params={"session_hash": name})
    return answer.text if answer.status_code == 200 else str(answer.status_code)


def test_the_owner_gets_what_was_asked_for(house: House) -> None:
    visitor = house.signed_in()
    for _ in range(3):
        assert join(visitor, MINE).status_code == 200
        stream = data(visitor, MINE)
        assert "process_completed" in stream
        assert "CASE^1" in stream


def test_the_handler_acts_as_who_called_it(house: House) -> None:
    visitor = house.signed_in()
    join(visitor, MINE, "case^2")
    stream = data(visitor, MINE)
    assert "CASE^2" in stream
    assert "CASE^1" not in stream
    assert [event[:3] for event in house.events("search")] == [("rita", "ok", "192.0.2.1")]


def test_another_user_with_the_first_ones_hash_gets_nothing_in_fifty_tries(house: House) -> None:
    mine, theirs = house.signed_in(), house.signed_in("ada")
    event = join(mine, MINE).json()["event_id"]
    base = f"{MOUNT}/gradio_api"
    other = "zzz999"
    for _ in range(TRIES):
        answers = [
            join(theirs, MINE),
            join(theirs, other, event_id=event),
            theirs.get(f"{base}/queue/data", params={"session_hash": MINE}),
            theirs.get(f"{base}/queue/data?session_hash={other}&session_hash={MINE}"),
            theirs.get(f"{base}/queue/data?session_hash={MINE}&session_hash={other}"),
            theirs.get(f"{base}/heartbeat/{MINE}"),
            theirs.post(
                f"{base}/cancel", json={"session_hash": MINE, "fn_index": 0, "event_id": event}
            ),
            theirs.post(
                f"{base}/cancel", json={"session_hash": other, "fn_index": 0, "event_id": event}
            ),
            theirs.post(
                f"{base}/queue/join",
                content=f'{{"session_hash":"{MINE}","data":[""],"fn_index":0,'
                f'"session_hash":"{other}"}}',
                headers={"content-type": "application/json"},
            ),
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert {answer.json()["code"] for answer in answers} == {"session"}
    assert "process_completed" in data(mine, MINE)


def test_another_session_of_the_same_user_is_another(house: House) -> None:
    here, there = house.signed_in(), house.signed_in()
    join(here, MINE)
    assert join(there, MINE).status_code == 403


def test_after_sign_out_the_hash_is_still_nobody_elses(house: House) -> None:
    mine, theirs = house.signed_in(), house.signed_in("ada")
    join(mine, MINE)
    mine.post("/sign-out")
    assert join(mine, MINE).status_code == 401
    assert join(theirs, MINE).status_code == 403
    assert join(house.signed_in(), MINE).status_code == 403


def test_bindings_are_in_the_database_and_hold_after_a_restart(house: House) -> None:
    from ui.app import guarded

    mine, theirs = house.signed_in(), house.signed_in("ada")
    join(mine, MINE)
    house.page = guarded(house.app, house.frame)
    again = house.visitor(cookie=f"medmm={theirs.cookies['medmm']}")
    assert join(again, MINE).status_code == 403


def test_names_that_gradio_never_makes_are_refused(house: House) -> None:
    visitor = house.signed_in()
    for name in ("", "../x", "a b", "a" * 65, 7, ["x"], {"session_hash": "x"}, True, "é", "a\n"):
        assert join(visitor, name).status_code == 403, name


def test_bodies_that_are_no_json_are_refused(house: House) -> None:
    visitor = house.signed_in()
    for body in (b"", b"{", b"\xff\xfe", b"session_hash=abc", b"[" * 100_000):
        answer = visitor.post(f"{MOUNT}/gradio_api/queue/join", content=body)
        assert answer.status_code == 400, body[:20]


def test_no_file_of_this_machine_nor_of_gradio_is_served(house: House) -> None:
    visitor = house.signed_in()
    cache = house.frame.opened.path / "cache" / "gradio"
    planted = cache / "x" / "secret.txt"
    planted.parent.mkdir()
    planted.write_text("secret")
    base = f"{MOUNT}/gradio_api"
    paths = [str(planted), "/etc/passwd", str(house.frame.opened.path / "medmm.db"), "https://x.y"]
    for path in paths:
        for route in (f"{base}/file={path}", f"{base}/file/{path}", f"{base}/proxy={path}",
                      f"{MOUNT}/static/{path}", f"{MOUNT}/assets/{path}", f"{MOUNT}/svelte/{path}",
                      f"{base}/stream/{MINE}/1/1/playlist.m3u8"):  # fmt: skip
            assert visitor.get(route).status_code == 404, route


def test_nothing_can_be_uploaded_through_gradio(house: House) -> None:
    answer = house.signed_in().post(
        f"{MOUNT}/gradio_api/upload", files={"files": ("x.html", b"<script>", "text/html")}
    )
    assert answer.status_code == 404


def test_gradios_folder_is_private_was_emptied_and_stays_empty(house: House) -> None:
    from ui.gradio_quiet import quiet

    visitor = house.signed_in()
    visitor.get("/plain/x")
    join(visitor, MINE)
    data(visitor, MINE)
    folder = house.frame.opened.path / "cache" / "gradio"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.rglob("*")) == []
    (folder / "old.png").write_bytes(b"x")
    assert list(Path(quiet(house.frame.opened.home)).iterdir()) == []


def test_what_gradio_is_told_holds_no_path_and_no_name_of_a_patient(house: House) -> None:
    visitor = house.signed_in()
    told = visitor.get("/plain/x").text + visitor.get(f"{MOUNT}/gradio_api/info").text
    for secret in (str(house.frame.opened.path), "CASE", "P000001"):
        assert secret not in told


def test_a_handlers_fault_has_an_id_and_no_words_of_its_own(house: House, monkeypatch: Any) -> None:
    from medmm.assembly import library

    def fail(*_: Any) -> None:
        raise ValueError("DOE^JANE is in /somewhere")

    logs.start(house.frame.opened.home.logs, "INFO")
    monkeypatch.setattr(library, "list_studies", fail)
    visitor = house.signed_in()
    join(visitor, MINE)
    events = [
        json.loads(line[6:]) for line in data(visitor, MINE).split("\n") if line[:5] == "data:"
    ]
    failed = next(event for event in events if event["msg"] == "process_completed")
    told = failed["output"]["error"]
    assert "fault of medmm" in told
    assert "DOE" not in json.dumps(events)
    number = told.split(" as ")[1].split(";")[0]
    logged = (house.frame.opened.home.logs / "medmm.log").read_text()
    assert f"id={number} builtins.ValueError" in logged
    assert "DOE" not in logged


def test_a_user_disabled_while_the_work_waits_is_refused_by_the_handler(house: House) -> None:
    from medmm.records import users
    from ui.rooms.room import handler
    from ui.visits import actor

    class Waiting:
        """A handler's request as Gradio hands it on: around the one of the call."""

        def __init__(self, request: Any) -> None:
            self.request = request

    seen: list[str] = []

    def look(request: Any) -> None:
        waiting = Waiting(request)
        seen.append(actor(waiting).name)
        users.disable_user(house.frame.opened.database, "rita")
        seen.append(actor(waiting).name)

    import gradio
    import pytest
    from fastapi import Request

    @house.app.get("/try")
    def tried(request: Request) -> str:
        with pytest.raises(gradio.Error, match="Nobody is signed in here"):
            handler(look)(request)
        return "refused"

    assert house.signed_in().get("/try").json() == "refused"
    assert seen == ["rita"]
