"""Routes of the review room: who may, what is refused, and that what is refused changed nothing."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from medmm.records import reading, reports
from tests.records.builders import draft
from tests.records.signing_homes import CONTRADICTED
from tests.ui.house import GOOD, House
from ui.routes.reports import FORMS

TEXTS = ("CT of the chest.", "The right lung measures 2.31 L.")
KEEP = [{"id": f"s{number}"} for number in range(1, 5)]
PAGE = "window000001"
REPORTER = {"edit", "hand_on", "export"}
RIGHTS = {
    "rita": set(),
    "rex": REPORTER,
    "sam": REPORTER | {"sign", "cancel"},
    "ada": set(),
}


def changed(text: str = "The right lung measures 2.4 L.") -> list[dict[str, str]]:
    return [KEEP[0], {"id": "s2", "text": text}, *KEEP[2:]]


def edit(visitor: TestClient, based_on: int = 1, statements: Any = None, **more: Any) -> Any:
    body = {"based_on": based_on, "statements": statements or changed(), **more}
    return visitor.post("/api/reports/1/versions", json=body)


def unfinished(text: str = "typed", serial: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "based_on": 1, "page": PAGE, "serial": serial, "revision": 0,
        "text": {"statements": changed(text)}, **more,
    }  # fmt: skip


def signature(name: str = "sam", **more: Any) -> dict[str, Any]:
    return {"name": name, "password": GOOD, "based_on": 1, **more}


def versions(house: House) -> int:
    return len(reports.load_report(house.frame.opened.database, 1).versions)


def status(house: House) -> str:
    return reports.load_report(house.frame.opened.database, 1).status


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_what_is_offered_is_what_the_role_may(people: House, name: str) -> None:
    told = people.signed_in(name).get("/api/studies/1/desk").json()
    assert {right for right, may in told["report"]["rights"].items() if may} == RIGHTS[name]
    assert told["report"]["sections"][3]["statements"][1]["line"] == TEXTS[1]
    assert told["user"] == name


@pytest.mark.parametrize("name", ["rita", "ada"])
def test_readers_and_admins_change_nothing_by_any_route(people: House, name: str) -> None:
    visitor = people.signed_in(name)
    tries = [
        ("POST", "versions", {"based_on": 1, "statements": changed()}),
        ("POST", "checks", {"based_on": 1, "statements": changed()}),
        ("PUT", "unfinished", unfinished()),
        ("PUT", "accepted", {"statements": {"s1": 1}}),
        ("POST", "hand-on", {"reason": ""}),
        ("POST", "cancel", {"reason": "no"}),
        ("POST", "signatures", signature(name)),
        # Another's password does not help in this session.
        ("POST", "signatures", signature("sam")),
        ("POST", "addenda", {"name": name, "password": GOOD, "text": "x"}),
    ]
    for method, path, body in tries:
        answer = visitor.request(method, f"/api/reports/1/{path}", json=body)
        assert answer.status_code == 403, (path, answer.text)
        assert answer.json()["code"] == "not-allowed"
    for form in FORMS:
        assert visitor.get(f"/api/reports/1/exports/{form}").status_code == 403
    assert (versions(people), status(people)) == (1, "draft")
    assert reading.readings_of(people.frame.opened.database, 1) == ()
    denied = {name for name, outcome, _, _ in people.events("sign") if outcome == "denied"}
    assert denied == {name}


def test_a_reporter_cannot_sign_even_with_a_signers_password(people: House) -> None:
    visitor = people.signed_in("rex")
    for name in ("rex", "sam", "medmm", "console:root"):
        answer = visitor.post("/api/reports/1/signatures", json=signature(name))
        assert answer.status_code == 403, name
    assert status(people) == "draft"


def test_a_signer_signs_as_nobody_else(people: House) -> None:
    visitor = people.signed_in("sam")
    for name in ("ann", "medmm", "SAM\u200b", "s\u0430m"):
        answer = visitor.post("/api/reports/1/signatures", json=signature(name))
        assert (answer.status_code, answer.json()["code"]) == (403, "other-user"), name
    answer = visitor.post("/api/reports/1/signatures", json=signature(password="wrong one"))
    assert (answer.status_code, answer.json()["code"]) == (403, "password")
    assert status(people) == "draft"
    answer = visitor.post("/api/reports/1/signatures", json=signature())
    assert answer.status_code == 200, answer.text
    assert answer.json()["report"]["status"] == "final"
    assert answer.json()["report"]["rights"]["sign"] is False


def test_without_token_or_session_nothing_is_written(people: House) -> None:
    visitor = people.signed_in("sam")
    del visitor.headers["x-csrf-token"]
    for method, path, body in (
        ("POST", "versions", {"based_on": 1, "statements": changed()}),
        ("PUT", "unfinished", unfinished()),
        ("POST", "reading", {"open_ms": 1, "active_ms": 1}),
        ("POST", "signatures", signature()),
        ("DELETE", "unfinished?based_on=1&revision=1", None),
    ):
        url = f"/api/reports/1/{path}"
        assert visitor.request(method, url, json=body).json()["code"] == "csrf"
        assert people.visitor().request(method, url, json=body).status_code == 401
    assert versions(people) == 1


def test_an_edit_becomes_a_version_with_its_checks(people: House) -> None:
    statements = [*changed(), {"key": "n1", "section": "Impression", "text": "A new one."}]
    told = edit(people.signed_in("rex"), statements=statements).json()
    assert (told["version"], told["report"]["author"]) == (2, "rex")
    kinds = {one["statement"]: one["kind"] for one in told["edits"]}
    assert (kinds["s2"], kinds["s5"]) == ("changed", "new")
    assert {one["statement"] for one in told["checks"]} == {"s2", "s5"}
    (event,) = people.events("edit")
    assert event[:2] == ("rex", "ok")


def test_a_line_break_begins_a_statement(people: House) -> None:
    told = edit(people.signed_in("rex"), statements=changed("One.\r\n\nTwo.")).json()
    findings = next(one for one in told["report"]["sections"] if one["name"] == "Findings")
    assert [one["text"] for one in findings["statements"]][1:3] == ["One.", "Two."]


def test_the_second_who_saves_gets_both_texts(people: House) -> None:
    assert edit(people.signed_in("rex")).status_code == 200
    answer = edit(people.signed_in("sam"), statements=changed("By sam."))
    assert answer.status_code == 409
    told = answer.json()
    assert (told["code"], told["based_on"], told["last"]) == ("conflict", 1, 2)
    base, theirs = (told["texts"][name] for name in ("base", "theirs"))
    assert (base["version"], theirs["version"], theirs["author"]) == (1, 2, "rex")
    texts = [one["line"] for part in theirs["sections"] for one in part["statements"]]
    assert "The right lung measures 2.4 L." in texts
    assert versions(people) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\u202eb", "U+202E"),
        ("", "has no text"),
        ("x" * 2001, "2001 characters"),
        ("\ufffd", "U+FFFD"),
    ],
)
def test_words_that_cannot_be_taken_are_told_by_their_statement(
    people: House, text: str, said: str
) -> None:
    visitor = people.signed_in("rex")
    for path in ("versions", "checks"):
        body = {"based_on": 1, "statements": changed(text)}
        answer = visitor.post(f"/api/reports/1/{path}", json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["error"].startswith("Statement s2 ")
        assert said in answer.json()["error"]
    assert versions(people) == 1


@pytest.mark.parametrize("begin", ["[s9] x", "# Findings", "#: report 2, version 1"])
def test_a_new_statement_cannot_command_the_file(people: House, begin: str) -> None:
    statements = [*KEEP, {"key": "n1", "section": "Findings", "text": begin}]
    answer = edit(people.signed_in("rex"), statements=statements)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("A new statement begins with")
    # Behind an id it is words like others.
    told = edit(people.signed_in("rex"), statements=changed(begin)).json()
    texts = [one["text"] for part in told["report"]["sections"] for one in part["statements"]]
    assert begin in texts


@pytest.mark.parametrize(
    "statement",
    [{"id": "s9"}, {"id": "s1] x\n[s2"}, {"id": "s1", "section": "Reasons"}, {"key": "n1"},
     {"key": "n1", "section": "References", "text": "x"}, {"id": "s1", "extra": 1}, "s1"],
)  # fmt: skip
def test_a_request_that_does_not_fit_changes_nothing(people: House, statement: Any) -> None:
    edit(people.signed_in("rex"), statements=[*changed(), statement])
    report = reports.load_report(people.frame.opened.database, 1)
    ids = [one["id"] for part in report.last.document["sections"] for one in part["statements"]]
    assert ids == ["s1", "s2", "s3", "s4"]


def test_checks_while_typing_record_nothing(people: House) -> None:
    visitor = people.signed_in("rex")
    statements = [*changed(), {"key": "n7", "section": "Impression", "text": "Nodule of 99 mm."}]
    body = {"based_on": 1, "statements": statements}
    told = visitor.post("/api/reports/1/checks", json=body).json()["checks"]
    assert {one["statement"] for one in told} == {"s2", "n7"}
    assert any(one["result"] == "fail" for one in told if one["statement"] == "n7")
    assert versions(people) == 1
    assert people.events("edit") == []


def test_unfinished_text_comes_back_to_its_user_alone(people: House) -> None:
    visitor = people.signed_in("rex")
    kept = visitor.put("/api/reports/1/unfinished", json=unfinished("half a sen")).json()
    assert (kept["serial"], kept["revision"]) == (1, 1)
    (back,) = visitor.get("/api/studies/1/desk").json()["report"]["unfinished"]
    assert back["text"]["statements"][1] == {"id": "s2", "text": "half a sen"}
    other = people.signed_in("sam").get("/api/studies/1/desk").json()
    assert other["report"]["unfinished"] == []
    history = people.signed_in("sam").get("/api/reports/1/history")
    assert "half a sen" not in history.text
    assert versions(people) == 1


def test_a_version_takes_the_unfinished_text_away(people: House) -> None:
    visitor = people.signed_in("rex")
    visitor.put("/api/reports/1/unfinished", json=unfinished())
    told = edit(visitor).json()
    assert told["report"]["unfinished"] == []


def test_another_window_gets_the_text_that_it_has_not_seen(people: House) -> None:
    visitor = people.signed_in("rex")
    visitor.put("/api/reports/1/unfinished", json=unfinished("one"))
    other = unfinished("two", page="window000002")
    answer = visitor.put("/api/reports/1/unfinished", json=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "other-window")
    assert answer.json()["kept"]["text"]["statements"][1]["text"] == "one"


def test_time_is_counted_without_keeping_the_session(people: House) -> None:
    visitor = people.signed_in("rita")
    body = {"open_ms": 15_000, "active_ms": 9_000, "looked": {"1": [[0, 2]]}}
    background = {"x-medmm-background": "1"}
    for _ in range(9):
        answer = visitor.post("/api/reports/1/reading", json=body, headers=background)
        people.pass_time(minutes=2)
    assert answer.status_code == 401
    (told,) = reading.readings_of(people.frame.opened.database, 1)
    assert (told.user, told.looked) == ("rita", {"1": [[0, 2]]})
    assert 9 <= told.active_seconds <= told.open_seconds


@pytest.mark.parametrize("form", sorted(FORMS))
def test_an_export_is_a_download_and_leaves_its_event(people: House, form: str) -> None:
    answer = people.signed_in("rex").get(f"/api/reports/1/exports/{form}")
    assert answer.status_code == 200, answer.text
    ending, kind = FORMS[form]
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="report-1.{ending}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]
    assert len(answer.content) > 200
    (event,) = people.events("export")
    assert event[:2] == ("rex", "ok")
    assert list((people.frame.opened.path / "cache").glob("export-*")) == []
    told = people.signed_in("rita").get("/api/reports/1/history").json()
    assert [(one["user"], one["format"], one["version"]) for one in told["exports"]] == [
        ("rex", form, 1)
    ]


def test_steps_of_a_report_by_route(people: House) -> None:
    visitor = people.signed_in("rex")
    assert visitor.post("/api/reports/1/hand-on", json={"reason": "done"}).status_code == 200
    assert status(people) == "preliminary"
    assert visitor.post("/api/reports/1/hand-on", json={"reason": ""}).status_code == 422
    assert visitor.post("/api/reports/1/cancel", json={"reason": ""}).status_code == 422
    visitor = people.signed_in("sam")
    assert edit(visitor).status_code == 200
    assert visitor.post("/api/reports/1/signatures", json=signature()).status_code == 409
    shown = visitor.get("/api/reports/1/to-sign").json()
    assert "version" in shown, shown
    assert (shown["version"], shown["statements"], shown["contradicted"]) == (2, 4, [])
    told = visitor.post("/api/reports/1/signatures", json=signature(based_on=2)).json()
    assert told["document_sha256"] == shown["sha256"]
    assert edit(visitor, based_on=2).status_code == 422
    body = {"name": "sam", "password": GOOD, "text": "Seen <again>."}
    told = visitor.post("/api/reports/1/addenda", json=body).json()
    assert (told["report"]["status"], told["report"]["addenda"][0]["text"]) == (
        "amended", "Seen <again>.",
    )  # fmt: skip
    assert people.signed_in("rita").get("/api/reports/1/history").json()["problems"] == []


def test_contradicted_statements_block_until_each_has_a_reason(people: House) -> None:
    opened = people.frame.opened
    made = replace(draft("1.2.9.1"), statements=CONTRADICTED)
    number = reports.save_draft(opened.database, opened.home, 1, made).report_id
    visitor = people.signed_in("sam")
    shown = visitor.get(f"/api/reports/{number}/to-sign").json()
    assert [one["id"] for one in shown["contradicted"]] == ["s2", "s3"]
    url = f"/api/reports/{number}/signatures"
    for confirmed in ({}, {"s2": "seen"}, {"s2": "seen", "s3": ""}, {"s2": "a\u202eb"}):
        answer = visitor.post(url, json=signature(confirmed=confirmed))
        assert answer.status_code == 422, confirmed
    answer = visitor.post(url, json=signature(confirmed={"s2": "seen", "s3": "seen, too"}))
    assert answer.status_code == 200, answer.text


def test_what_is_not_there_is_not_found(people: House) -> None:
    visitor = people.signed_in("sam")
    for path in ("studies/9/desk", "studies/1/desk?report=9", "reports/9/to-sign",
                 "reports/9/history", "reports/1/versions/7", "reports/1/conflict?based_on=4",
                 "reports/1/differences?before=1&after=2"):  # fmt: skip
        assert visitor.get(f"/api/{path}").status_code == 404, path
    # A study's report is not shown under another patient's study.
    assert visitor.get("/api/studies/2/desk?report=1").status_code == 404
    assert visitor.get("/api/studies/2/desk").json()["report"] is None


def test_rooms_of_what_is_not_there_are_refused_as_pages(house: House) -> None:
    page = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html"}
    visitor = house.signed_in("rita")
    for path in ("/study/9", "/study/x", "/study/1234567890123", "/report/9", "/report/-1"):
        assert visitor.get(path, headers=page).status_code == 404, path
    for path in ("/study/1", "/study/2", "/report/1"):
        assert visitor.get(path, headers=page).status_code == 200, path
