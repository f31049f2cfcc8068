"""The worklist's routes: what is shown, who may do what, and uploads of every bad kind."""

import io
import json
import re
import resource
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from medmm.assembly import upload_folders
from medmm.home import Home
from medmm.nouns import Patient
from medmm.records import jobs, reports, studies, users
from medmm.records.users import NewUser
from tests.records.builders import draft, refused_series, series, study
from tests.records.exporters.hostile import STRINGS
from tests.records.test_users import QUICK
from tests.ui.house import GOOD, HERE, House
from ui.routes import uploads

LUNG = ("There is a large right pneumothorax.", "No pleural effusion.")


@pytest.fixture
def reporter(house: House) -> str:
    users.add_user(house.frame.opened.database, NewUser("rex", "reporter", GOOD), hasher=QUICK)
    return "rex"


def listed(visitor: Any, **asked: Any) -> str:
    answer = visitor.post("/api/worklist", json=asked)
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text


def rows(text: str) -> list[int]:
    return [int(one) for one in re.findall(r'<tr data-study="(\d+)"', text)]


def drafted(house: House, number: int = 2, *texts: str, **fields: Any) -> None:
    opened = house.frame.opened
    made = draft(f"1.2.9.{number}", texts or LUNG, **fields)
    reports.save_draft(opened.database, opened.home, number, made)


def test_the_list_shows_each_study_with_its_newest_report(any_house: House) -> None:
    house = any_house
    drafted(house, 2, warnings=("Look.",))
    text = listed(house.signed_in())
    assert rows(text) == [2, 1]
    assert "CASE, 2" in text
    assert "Pneumothorax: open" in text
    assert "1 warning<" in text
    assert "machine" in text
    assert "2 studies, last arrived first" in text
    assert house.events("list")[-1] == (
        "rita", "ok", HERE, '{"code":"studies","count":2}',
    )  # fmt: skip


def test_words_are_looked_for_in_studies_and_in_reports_and_both_are_recorded(
    any_house: House,
) -> None:
    house = any_house
    drafted(house, 2)
    text = listed(house.signed_in(), query="pneumothorax")
    assert rows(text) == []
    assert "There is a large right pneumothorax." in text
    assert "CASE, 2" in text
    assert [json.loads(detail)["code"] for *_, detail in house.events("search")] == [
        "studies",
        "reports",
    ]
    assert rows(listed(house.signed_in(), query="case^2")) == [2]


def test_a_refused_series_is_counted(house: House) -> None:
    opened = house.frame.opened
    one = study(series("1.5.1"), refused_series("1.5.2"), uid="1.5")
    studies.save_study(opened.database, opened.home, one)
    assert "1 refused" in listed(house.signed_in())


FILTERED: tuple[tuple[dict[str, Any], list[int]], ...] = (
        ({"status": "draft"}, [1]), ({"status": "none"}, [2]), ({"modality": "MR"}, []),
        ({"modality": "CT"}, [2, 1]), ({"age": "1d"}, []), ({"age": "older"}, [2, 1]),
        ({"mine": True}, []), ({"before": 2}, [1]), ({"status": "unheard-of"}, [2, 1]),
)  # fmt: skip


def test_the_list_is_filtered(house: House) -> None:
    visitor = house.signed_in()
    for asked, found in FILTERED:
        assert rows(listed(visitor, **asked)) == found, asked


def test_what_does_not_fit_is_refused(house: House) -> None:
    visitor = house.signed_in()
    for asked in (
        {"query": 7}, {"query": "w" * 401}, {"before": 0}, {"before": 2**40}, {"mine": "yes"},
        {"more": 1}, [], "x",
    ):  # fmt: skip
        assert visitor.post("/api/worklist", json=asked).status_code == 422, asked


def test_pages_hold_fifty_and_tell_the_next(house: House) -> None:
    opened = house.frame.opened
    for number in range(3, 56):
        one = study(series(f"1.7.{number}.1", 1), uid=f"1.7.{number}")
        studies.save_study(opened.database, opened.home, one)
    visitor = house.signed_in()
    first = listed(visitor)
    assert len(rows(first)) == 50
    before = int(re.search(r'data-next="(\d+)"', first)[1])  # type: ignore[index]
    second = listed(visitor, before=before)
    assert rows(first) + rows(second) == list(range(55, 0, -1))
    assert 'data-next=""' in second


def test_hostile_text_of_a_study_is_escaped(house: House) -> None:
    opened = house.frame.opened
    for number, one in enumerate(STRINGS):
        patient = Patient(one.raw[:500], one.raw[:500], "O", "1950-01-01")
        made = study(series(f"1.6.{number}.1"), patient=patient, uid=f"1.6.{number}")
        studies.save_study(opened.database, opened.home, replace(made, description=one.raw[:500]))
    text = listed(house.signed_in())
    assert len(rows(text)) == len(STRINGS) + 2
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "<img" not in text
    assert not set(text) & set("\u202e\u2066\u200b\u200d\ufeff\x00\x1b\x9b\U000e0041")


# Who may do what.


def test_a_reader_is_offered_nothing_that_would_be_refused(house: House, reporter: str) -> None:
    room = house.signed_in().get("/api/worklist/room").text
    assert 'id="wl-ingest"' not in room
    assert "wl-draft" not in listed(house.signed_in())
    assert 'id="wl-ingest"' in house.signed_in(reporter).get("/api/worklist/room").text
    assert "wl-draft" in listed(house.signed_in(reporter))


def test_who_may_draft(house: House) -> None:
    for name, status in (("rita", 403), ("ada", 403), ("sam", 202)):
        visitor = house.signed_in(name)
        assert visitor.get("/api/studies/1/draft").status_code == (200 if status == 202 else 403)
        assert visitor.post("/api/studies/1/draft", json={}).status_code == status
    waiting = jobs.listed(house.frame.opened.database)
    assert [(job.owner, job.origin, job.study_id) for job in waiting] == [("sam", HERE, 1)]


def test_who_may_upload(house: House) -> None:
    for name, status in (("rita", 403), ("ada", 202), ("sam", 202)):
        files = {"file": ("x.dcm", b"not an image")}
        assert house.signed_in(name).post("/api/uploads", files=files).status_code == status


def test_a_study_that_is_being_drafted_is_not_drafted_again(house: House) -> None:
    visitor = house.signed_in("sam")
    number = visitor.post("/api/studies/1/draft", json={"indication": "cough"}).json()["id"]
    assert ">drafting<" in listed(visitor)
    answer = visitor.post("/api/studies/1/draft", json={})
    assert (answer.status_code, answer.json()["code"]) == (422, "drafting")
    shown = visitor.get("/api/jobs", headers={"x-medmm-background": "1"}).json()
    assert (shown["active"], shown["stands"]) == (1, {str(number): "waiting"})
    assert house.signed_in("rita").get("/api/jobs").json()["jobs"] == []
    assert house.signed_in("rita").post(f"/api/jobs/{number}/cancel").status_code == 403
    assert visitor.post(f"/api/jobs/{number}/cancel").json()["status"] == "cancelled"
    assert visitor.post(f"/api/jobs/{number}/cancel").status_code == 422
    assert visitor.get("/api/jobs/99").status_code == 404


def test_a_wish_that_does_not_fit_is_refused(house: House) -> None:
    visitor = house.signed_in("sam")
    for wish in (
        {"prior": "yesterday"}, {"prior": -1}, {"experts": "all"}, {"knowledge": 1},
        {"indication": "w" * 4001}, {"writer": "../x"}, {"experts": ["nobody"]}, {"study": 2},
    ):  # fmt: skip
        assert visitor.post("/api/studies/1/draft", json=wish).status_code == 422, wish
    assert jobs.listed(house.frame.opened.database) == []


def test_a_critical_finding_is_acknowledged_once_by_who_may(any_house: House) -> None:
    house = any_house
    drafted(house, 2)
    path, given = "/api/reports/2/acknowledgements", {"rule": "pneumothorax", "told": "Dr Who"}
    assert house.signed_in("rita").post(path, json=given).status_code == 403
    sam = house.signed_in("sam")
    assert "Pneumothorax: acknowledge" in listed(sam, flagged=True)
    assert sam.post(path, json={"rule": "volvulus"}).status_code == 404
    assert sam.post(path, json=given | {"method": "by pigeon"}).status_code == 422
    made = sam.post(path, json=given | {"method": "by phone"})
    assert (made.status_code, made.json()["author"]) == (201, "sam")
    again = sam.post(path, json=given)
    assert (again.status_code, again.json()["code"]) == (422, "acknowledged")
    text = listed(sam)
    assert "Pneumothorax: sam" in text
    assert "told Dr Who by phone" in text
    assert rows(listed(sam, flagged=True)) == []
    assert [(who, outcome) for who, outcome, *_ in house.events("acknowledge")] == [
        ("rita", "denied"),
        ("sam", "ok"),
    ]


def test_what_is_denied_or_planned_is_not_critical(house: House) -> None:
    visitor = house.signed_in("sam")
    for text, found in {
        "No pneumothorax.": False,
        "Possible pneumothorax on the left.": True,
        "Follow-up for pneumothorax is advised.": False,
        "Pulmonary embolism.": True,
        "No acute intracranial haemorrhage.": False,
        "Acute subdural hematoma.": True,
    }.items():
        drafted(house, 2, text)
        assert ("acknowledge</button>" in listed(visitor)) is found, text


def test_a_folder_of_the_server_needs_an_admin_who_allows_it(house: House, tmp_path: Path) -> None:
    sam = house.signed_in("sam")
    assert 'id="wl-server"' not in sam.get("/api/worklist/room").text
    assert sam.post("/api/ingest", json={"root": 0, "inside": ""}).status_code == 403
    (tmp_path / "incoming" / "chest").mkdir(parents=True)
    home = house.frame.opened.home
    allowed = home.settings.model_copy(update={"ingest_folders": (tmp_path / "incoming",)})
    object.__setattr__(house.frame.opened, "home", Home(home.path, allowed))
    assert '<option value="chest">' in sam.get("/api/worklist/room").text
    assert sam.post("/api/ingest", json={"root": 0, "inside": "../.."}).status_code == 403
    assert sam.post("/api/ingest", json={"root": 0, "inside": "none"}).status_code == 404
    assert sam.post("/api/ingest", json={"root": 0, "inside": "chest"}).status_code == 202
    rita = house.signed_in("rita")
    assert rita.post("/api/ingest", json={"root": 0, "inside": "chest"}).status_code == 403


# Uploads.


def shelf(house: House) -> list[Path]:
    return sorted((house.frame.opened.path / "cache" / "uploads").glob("*/*"))


def test_a_zip_is_kept_as_it_came_under_a_name_of_ours(house: House) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("../../out.dcm", b"x" * 200_000)
    data = held.getvalue()
    sent = [
        ("file", ("../../../DOE^JANE.zip", data)),
        ("note", (None, "of no file")),
        ("file", ("C:\\secret\\b.dcm", b"second")),
    ]
    answer = house.signed_in("sam").post("/api/uploads", files=sent)
    assert answer.status_code == 202, answer.text
    first, second = shelf(house)
    assert (first.name, second.name) == ("00001.zip", "00002.dcm")
    assert (first.read_bytes(), second.read_bytes()) == (data, b"second")
    assert first.parent.stat().st_mode & 0o777 == 0o700
    [job] = jobs.listed(house.frame.opened.database)
    assert (job.kind, job.asked) == ("upload", {"folder": first.parent.name, "files": 2})


def test_an_upload_without_the_token_is_refused_before_it_is_read(house: House) -> None:
    visitor = house.signed_in("sam")
    read = 0

    def body() -> Any:
        nonlocal read
        for _ in range(64):
            read += 1
            yield b"x" * 65536

    for token in ("", "0" * 64):
        headers = {"x-csrf-token": token, "content-type": "multipart/form-data; boundary=b"}
        answer = visitor.post("/api/uploads", content=body(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    # In a form's field the token would have to be read for, so it does not count here.
    files = {"file": ("a.dcm", b"x")}
    fields = {"csrf_token": visitor.headers["x-csrf-token"]}
    wrong = {"x-csrf-token": ""}
    answer = visitor.post("/api/uploads", files=files, data=fields, headers=wrong)
    assert answer.status_code == 403
    assert shelf(house) == []


def test_an_upload_that_says_it_is_too_large_is_refused_unread(house: House) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b", "content-length": "629145600"}
    answer = house.signed_in("sam").post("/api/uploads", content=b"", headers=headers)
    assert answer.status_code == 413
    assert shelf(house) == []


def test_an_upload_that_grows_too_large_is_stopped_and_removed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(uploads.LIMITS, uploads.PATH, 100_000)
    # The limit was read when the page was built.
    from ui.app import guarded

    page = guarded(house.app, house.frame)
    visitor = house.signed_in("sam")
    sent, answers = iter([HEAD, *[b"x" * 65536] * 4]), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(sent), "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    scope = scope_of(visitor)
    anyio.run(page, scope, receive, send)
    assert answers[0]["status"] == 413
    assert list(sent)  # not all of it was asked for
    assert shelf(house) == []


HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.dcm"\r\n\r\n'


def scope_of(visitor: Any) -> dict[str, Any]:
    headers = {
        "host": "127.0.0.1",
        "cookie": f"medmm={visitor.cookies['medmm']}",
        "x-csrf-token": visitor.headers["x-csrf-token"],
        "content-type": "multipart/form-data; boundary=b",
        "sec-fetch-site": "same-origin",
        "origin": "http://127.0.0.1",
        "transfer-encoding": "chunked",
    }
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/api/uploads", "raw_path": b"/api/uploads",
        "query_string": b"", "root_path": "", "client": (HERE, 5), "server": ("127.0.0.1", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip


def test_an_upload_is_never_held_in_memory(house: House) -> None:
    """200 MB go to the disk, and the process grows by a fraction of it."""
    visitor = house.signed_in("sam")
    block = bytes(2**20)
    end = b"\r\n--b--\r\n"
    parts = iter([HEAD, *[block] * 200, end])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = []

    async def receive() -> dict[str, Any]:
        part = next(parts)
        return {"type": "http.request", "body": part, "more_body": part is not end}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    anyio.run(house.page, scope_of(visitor), receive, send)
    assert answers[0]["status"] == 202
    [file] = shelf(house)
    assert file.stat().st_size == 200 * 2**20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 * 1024


FORM = "multipart/form-data; boundary=b"
NO_UPLOADS = (
    (b"", FORM), (HEAD + b"cut", FORM), (HEAD + b"\r\n--b--\r\n", FORM), (b"no form", FORM),
    (b"{}", "application/json"), (b"x", "multipart/form-data"),
    (b"x", "multipart/form-data; boundary=" + "b" * 300), (b"--b\r\nX: " + b"y" * 9000, FORM),
    (b"--b\r\n" + b"X: y\r\n" * 50, FORM),
)  # fmt: skip


def test_what_is_no_upload_is_refused_and_leaves_nothing(house: House) -> None:
    visitor = house.signed_in("sam")
    for body, kind in NO_UPLOADS:
        answer = visitor.post("/api/uploads", content=body, headers={"content-type": kind})
        assert answer.status_code == 422, (body[:40], kind)
    assert shelf(house) == []
    assert jobs.listed(house.frame.opened.database) == []


def test_a_client_that_goes_away_leaves_nothing(house: House) -> None:
    visitor, answers = house.signed_in("sam"), []
    said = iter([
        {"type": "http.request", "body": HEAD + b"part", "more_body": True},
        {"type": "http.disconnect"},
    ])  # fmt: skip

    async def receive() -> dict[str, Any]:
        return next(said)

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    anyio.run(house.page, scope_of(visitor), receive, send)
    assert answers[0]["status"] == 400
    assert shelf(house) == []


def test_too_many_files_are_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_FILES", 3)
    sent = [("file", (f"{number}.dcm", b"x")) for number in range(4)]
    assert house.signed_in("sam").post("/api/uploads", files=sent).status_code == 413
    assert shelf(house) == []


def test_only_so_many_upload_at_once(house: House) -> None:
    with uploads.places.one(), uploads.places.one(), uploads.places.one(), uploads.places.one():
        files = {"file": ("x.dcm", b"x")}
        assert house.signed_in("sam").post("/api/uploads", files=files).status_code == 503
    assert house.signed_in("sam").post("/api/uploads", files=files).status_code == 202
    assert upload_folders.UPLOAD_BYTES < 600 * 2**20
