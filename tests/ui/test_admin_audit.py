"""The audit log on the page: pages, the download, and the proof in the background."""

import json
import threading
from typing import Any

from starlette.testclient import TestClient

from tests.assembly.audit_tampering import tamper
from tests.ui.house import House
from ui.routes.admin.background import Background

AUDIT = "/api/admin/audit"


def ended(visitor: TestClient) -> dict[str, Any]:
    """The proof when its thread has ended."""
    for thread in threading.enumerate():
        if thread.name == "verify-audit":
            thread.join()
    state: dict[str, Any] = visitor.get(f"{AUDIT}/verify").json()
    return state


def test_the_log_is_read_by_page_and_filter_on_both_databases(any_house: House) -> None:
    rita = any_house.signed_in("rita")
    rita.get("/api/admin/audit")
    ada = any_house.signed_in("ada")
    page = ada.get(AUDIT).json()
    assert [one["sequence"] for one in page["events"]] == list(range(page["last"], 0, -1))
    assert (page["older"], page["outcomes"]) == (None, ["ok", "denied", "failed"])
    assert {"sign_in", "read_audit", "sign"} <= set(page["actions"])
    denied = ada.get(f"{AUDIT}?actor=rita&action=read_audit&outcome=denied").json()["events"]
    assert [(one["actor"], one["role"], one["origin"]) for one in denied] == [
        ("rita", "reader", "192.0.2.1")
    ]
    below = ada.get(f"{AUDIT}?before=2").json()
    assert [one["sequence"] for one in below["events"]] == [1]
    assert ada.get(f"{AUDIT}?since=2999-01-01").json()["events"] == []


def test_the_download_is_lines_and_leaves_its_event(house: House) -> None:
    ada = house.signed_in("ada")
    answer = ada.get(f"{AUDIT}/lines?actor=ada")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["content-disposition"].startswith('attachment; filename="medmm-audit-')
    assert answer.headers["cache-control"] == "no-store"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["action"] for one in lines] == ["sign_in"]
    exported = json.loads(house.events("read_audit")[-1][3])
    assert (exported["code"], exported["format"], exported["user"]) == ("export", "jsonl", "ada")


def test_a_proof_runs_and_says_that_all_is_whole(house: House) -> None:
    ada = house.signed_in("ada")
    assert ada.get(f"{AUDIT}/verify").json()["result"] is None
    begun = ada.post(f"{AUDIT}/verify").json()
    assert begun["begun"] is True
    state = ended(ada)
    assert (state["running"], state["error"]) == (False, "")
    assert state["result"]["ok"] is True
    assert state["result"]["head"]["sequence"] >= state["result"]["events"]
    told = [(actor, json.loads(detail)) for actor, _, _, detail in house.events("read_audit")]
    assert told[0] == ("ada", {"code": "verify"})
    assert told[1][0] == "medmm"
    assert told[1][1]["code"] == "verified"


def test_a_changed_event_is_found_and_named(house: House) -> None:
    house.signed_in("rita")
    ada = house.signed_in("ada")
    tamper(house.frame.opened.database, 1, actor="mallory")
    assert ada.post(f"{AUDIT}/verify").json()["begun"] is True
    result = ended(ada)["result"]
    assert result["ok"] is False
    assert result["chain"][0].startswith("Audit event 1 was changed")


def test_only_one_piece_of_work_is_under_way() -> None:
    work, may_end = Background("one"), threading.Event()
    asked: list[str] = []

    def long(progress: Any) -> dict[str, Any]:
        progress("the first step")
        asked.append("worked")
        may_end.wait()
        return {"ok": True}

    assert work.begin(lambda: asked.append("asked"), long)
    assert not work.begin(lambda: asked.append("asked again"), long)
    assert work.document()["running"] is True
    [thread] = [one for one in threading.enumerate() if one.name == "one"]
    may_end.set()
    thread.join()
    state = work.document()
    assert (state["running"], state["result"], state["step"]) == (
        False, {"ok": True}, "the first step",
    )  # fmt: skip
    assert asked == ["asked", "worked"]


def test_work_that_fails_is_told_without_a_trace(caplog: Any) -> None:
    work = Background("failing")

    def fail(_: Any) -> dict[str, Any]:
        raise ValueError("DOE^JANE")

    assert work.begin(lambda: None, fail)
    for thread in threading.enumerate():
        if thread.name == "failing":
            thread.join()
    state = work.document()
    assert "fault of medmm" in state["error"]
    assert "DOE" not in state["error"] + caplog.text
    assert state["running"] is False
