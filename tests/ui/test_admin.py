"""The admin's room and every route of it are for admins; whoever else tries is recorded."""

import json

import pytest
from starlette.testclient import TestClient

from medmm.records import users
from medmm.records.users import NewUser
from tests.records.test_users import QUICK
from tests.ui.house import GOOD, House, walked

NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html"}
PREFIX = "/api/admin"
SECRET = {"name": "rita", "password": GOOD}
# What each unsafe route would take from an admin.
BODIES = {
    "/users": {"name": "joe", "role": "admin", "password": GOOD},
    "/users/role": {**SECRET, "role": "admin"},
    "/users/password": SECRET,
    "/users/enable": SECRET,
    "/users/disable": {"name": "sam"},
    "/users/sign-out": {"name": "sam"},
    "/knowledge/search": {"text": "nodule"},
    "/audit/verify": None,
}
ACTIONS = {
    ("GET", "/users"): "list_users", ("POST", "/users"): "add_user",
    ("POST", "/users/role"): "change_user", ("POST", "/users/password"): "set_password",
    ("POST", "/users/enable"): "change_user", ("POST", "/users/disable"): "change_user",
    ("POST", "/users/sign-out"): "change_user", ("GET", "/models"): "read_audit",
    ("GET", "/knowledge"): "add_knowledge", ("POST", "/knowledge/search"): "add_knowledge",
    ("POST", "/knowledge/upload"): "add_knowledge",
    ("GET", "/knowledge/{document}/not-quoted"): "add_knowledge",
    ("DELETE", "/knowledge/{document}"): "remove_knowledge", ("GET", "/audit"): "read_audit",
    ("GET", "/audit/lines"): "read_audit", ("POST", "/audit/verify"): "read_audit",
    ("GET", "/audit/verify"): "read_audit", ("GET", "/health"): "read_audit",
}  # fmt: skip


def routes(house: House) -> list[tuple[str, str]]:
    return [
        (method, path.removeprefix(PREFIX))
        for method, path in walked(house.app)
        if path.startswith(PREFIX)
    ]


def asked(visitor: TestClient, method: str, path: str) -> tuple[int, str]:
    """Status and text of what an admin could have asked."""
    whole = PREFIX + path.replace("{document}", "1")
    if path == "/knowledge/upload":
        whole += "?name=guide.md&domain=chest-ct"
        answer = visitor.post(whole, content=b"# Guide\n\nA nodule is followed.\n")
    else:
        answer = visitor.request(method, whole, json=BODIES.get(path) if method == "POST" else None)
    return answer.status_code, answer.text


@pytest.mark.parametrize("role", ["reader", "reporter", "signer"])
def test_nobody_but_an_admin_sees_or_does_anything(house: House, role: str) -> None:
    database = house.frame.opened.database
    users.add_user(database, NewUser("paul", role, GOOD), hasher=QUICK)
    before = users.list_users(database)
    visitor = house.signed_in("paul")
    assert set(routes(house)) == set(ACTIONS)
    for (method, path), action in ACTIONS.items():
        tries = house.events(action)
        status, text = asked(visitor, method, path)
        assert status == 403, (method, path, text)
        assert set(json.loads(text)) == {"error", "mend", "code", "id"}
        # Exactly this try, once, by whom and from where.
        new = house.events(action)[len(tries) :]
        assert [one[:3] for one in new] == [("paul", "denied", "192.0.2.1")], (method, path)
    page = house.visitor(cookie=f"medmm={visitor.cookies['medmm']}", **NAVIGATION).get("/admin")
    assert page.status_code == 403
    assert "gradio-app" not in page.text
    assert "Admin" not in visitor.get("/").text
    assert users.list_users(database) == before


def test_an_admin_gets_all_of_it(house: House) -> None:
    visitor = house.signed_in("ada")
    page = visitor.get("/admin")
    assert page.status_code == 200
    assert "admin/admin.js" in page.text
    assert 'aria-current="page">Admin</a>' in page.text
    for path in ("/users", "/models", "/knowledge", "/audit", "/audit/verify"):
        assert asked(visitor, "GET", path)[0] == 200, path


def test_what_is_no_body_is_refused_and_changes_nothing(house: House) -> None:
    visitor = house.signed_in("ada")
    before = users.list_users(house.frame.opened.database)
    bodies: list[object] = [
        {}, {"name": "joe"}, [], "joe", None,
        {"name": "joe", "role": "admin", "password": GOOD, "must_change": False},
        {"name": ["joe"], "role": "admin", "password": GOOD},
        {"name": "j" * 201, "role": "admin", "password": GOOD},
        {"name": "joe", "role": "admin", "password": "x" * 1025},
    ]  # fmt: skip
    for body in bodies:
        assert visitor.post(f"{PREFIX}/users", json=body).status_code == 422, body
    for query in ("before=0", "before=x", "before=" + "9" * 30, "since=never", "outcome=maybe",
                  "actor=" + "x" * 201):  # fmt: skip
        assert visitor.get(f"{PREFIX}/audit?{query}").status_code == 422, query
    assert users.list_users(house.frame.opened.database) == before


def test_cards_say_whom_they_were_measured_on_and_whether_weights_are_theirs(house: House) -> None:
    found = house.signed_in("ada").get(f"{PREFIX}/models").json()
    cards = {one["name"]: one for one in found["models"]}
    assert {"ct_lungs", "ct_nodule", "cxr_lungs"} <= set(cards)
    lungs = cards["ct_lungs"]
    assert lungs["figures"][0]["data"]
    assert lungs["failures"]
    weights = cards["cxr_lungs"]
    assert weights["verified"]["ok"] is True
    assert [one["sha256"] for one in weights["verified"]["weights"]] == list(
        weights["weights"].values()
    )


def test_health_says_what_the_doctor_says_and_what_the_home_is_made_of(house: House) -> None:
    from medmm.assembly.examination import examine_open

    visitor = house.signed_in("ada")
    found = visitor.get(f"{PREFIX}/health").json()
    names = [one.what for one in examine_open(house.frame.opened)]
    assert [one["what"] for one in found["checks"]] == names
    assert found["ok"] is all(one["state"] != "broken" for one in found["checks"])
    database = found["database"]
    assert database["kind"] == "sqlite"
    assert database["revision"] == database["newest"]
    assert database["bytes"] >= (house.frame.opened.path / "medmm.db").stat().st_size
    assert 0 < found["disk"]["free"] <= found["disk"]["total"]
    assert found["head"]["sequence"] >= 1
    assert len(found["head"]["key"]) == 32
    assert {"medmm", "Python", "SQLite", "gradio"} <= set(found["versions"])
    assert found["backup"] is None


def test_the_last_backup_is_known_from_the_log(house: House) -> None:
    from medmm.assembly.backups import back_up

    back_up(house.frame.opened, house.frame.opened.path.parent / "monday.medmm")
    found = house.signed_in("ada").get(f"{PREFIX}/health").json()["backup"]
    assert found["actor"].startswith("console:")
    assert found["time"]
