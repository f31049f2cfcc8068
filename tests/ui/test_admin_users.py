"""Users are kept on the page; what gives power is asked for by the admin's own password again."""

from typing import Any

import pytest

from medmm.records import sign_in, users
from tests.ui.house import GOOD, OTHER, House

USERS = "/api/admin/users"


def listed(house: House, name: str) -> dict[str, Any]:
    rows = house.signed_in("ada").get(USERS).json()["users"]
    row: dict[str, Any] = next(one for one in rows if one["name"] == name)
    return row


def test_users_are_listed_with_their_sign_ins(house: House) -> None:
    first = house.signed_in("rita")
    house.pass_time(minutes=1)
    house.signed_in("rita")
    row = listed(house, "rita")
    assert (row["role"], row["disabled"], row["must_change"]) == ("reader", None, False)
    assert row["sessions"] == 2
    assert row["last_sign_in"] == house.now.isoformat()
    first.post("/sign-out")
    assert listed(house, "rita")["sessions"] == 1
    assert listed(house, "sam")["last_sign_in"] is None
    house.pass_time(minutes=16)
    assert listed(house, "rita")["sessions"] == 0
    assert "password" not in str(house.signed_in("ada").get(USERS).json()["users"])


def test_a_user_is_added_with_a_password_for_one_time(house: House) -> None:
    visitor = house.signed_in("ada")
    body = {"name": "joe", "role": "signer", "password": GOOD}
    made = visitor.post(USERS, json=body)
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    one_time = made.json()["one_time_password"]
    kept = users.find_user(house.frame.opened.database, "joe")
    assert (kept.role, kept.must_change) == ("signer", True)
    joe = house.signed_in("joe", one_time)
    assert joe.get("/").status_code in {303, 403}
    assert house.events("add_user") == [("ada", "ok", "192.0.2.1", '{"role":"signer"}')]
    written = b"".join(
        path.read_bytes() for path in house.frame.opened.path.rglob("*") if path.is_file()
    )
    assert one_time.encode() not in written
    again = visitor.post(USERS, json=body)
    assert (again.status_code, again.json()["code"]) == (422, "taken")
    for name, role in (("x", "reader"), ("jane roe", "reader"), ("jane", "boss"), ("аda", "admin")):
        refused = visitor.post(USERS, json={"name": name, "role": role, "password": GOOD})
        assert refused.status_code == 422, name
    assert len(house.events("add_user")) == 1


@pytest.mark.parametrize("path", ["", "/role", "/password", "/enable"])
def test_a_wrong_password_of_the_admin_changes_nothing_and_counts(house: House, path: str) -> None:
    visitor = house.signed_in("ada")
    database = house.frame.opened.database
    name = "joe" if path == "" else "rita"
    if path == "/enable":
        users.disable_user(database, "rita")
    before = users.list_users(database)
    body = {"name": name, "password": OTHER}
    if path in {"", "/role"}:
        body["role"] = "admin"
    for _ in range(5):
        answer = visitor.post(f"{USERS}{path}", json=body)
        # Not 401: the session goes on.
        assert (answer.status_code, answer.json()["code"]) == (403, "password")
    waiting = visitor.post(f"{USERS}{path}", json=body | {"password": GOOD})
    assert (waiting.status_code, waiting.json()["code"]) == (429, "too-many")
    assert waiting.json()["wait_seconds"] >= 1
    assert users.list_users(database) == before
    denied = [one for one in house.events("sign_in") if one[1] == "denied"]
    assert [one[0] for one in denied] == ["ada"] * 5
    house.pass_time(seconds=2)
    done = visitor.post(f"{USERS}{path}", json=body | {"password": GOOD})
    assert done.status_code == 200, done.text


def test_a_role_is_changed_and_ends_the_sessions_of_the_one_before(house: House) -> None:
    rita = house.signed_in("rita")
    body = {"name": "RITA", "role": "signer", "password": GOOD}
    assert (
        house.signed_in("ada").post(f"{USERS}/role", json=body).json()["user"]["role"] == "signer"
    )
    assert rita.get("/password").status_code == 401
    assert listed(house, "rita")["sessions"] == 0
    assert house.events("change_user")[-1][3] == '{"before":"reader","role":"signer"}'


def test_a_one_time_password_takes_the_place_of_the_one_before(house: House) -> None:
    rita, ada = house.signed_in("rita"), house.signed_in("ada")
    made = ada.post(f"{USERS}/password", json={"name": "rita", "password": GOOD}).json()
    assert rita.get("/password").status_code == 401
    assert house.visitor().post("/sign-in", data={"name": "rita", "password": GOOD}).is_error
    assert house.signed_in("rita", made["one_time_password"]).get("/password").status_code == 200
    assert listed(house, "rita")["must_change"] is True
    own = ada.post(f"{USERS}/password", json={"name": "ada", "password": GOOD})
    assert (own.status_code, own.json()["code"]) == (422, "own")
    nobody = ada.post(f"{USERS}/password", json={"name": "nobody", "password": GOOD})
    assert nobody.status_code == 404


def test_a_user_is_disabled_signed_out_and_enabled_again(house: House) -> None:
    rita, ada = house.signed_in("rita"), house.signed_in("ada")
    assert ada.post(f"{USERS}/disable", json={"name": "rita"}).json()["user"]["disabled"]
    assert rita.get("/password").status_code == 401
    assert listed(house, "rita")["disabled"]
    ada.post(f"{USERS}/enable", json={"name": "rita", "password": GOOD})
    assert listed(house, "rita")["disabled"] is None
    # The session of before stays over.
    assert rita.get("/password").status_code == 401


def test_a_user_is_signed_out_everywhere(house: House) -> None:
    sessions = [house.signed_in("rita"), house.signed_in("rita")]
    ada = house.signed_in("ada")
    assert ada.post(f"{USERS}/sign-out", json={"name": "rita"}).json() == {"ended": 2}
    assert [one.get("/password").status_code for one in sessions] == [401, 401]
    assert house.events("change_user")[-1] == (
        "ada", "ok", "192.0.2.1", '{"code":"sign-out"}',
    )  # fmt: skip
    assert ada.post(f"{USERS}/sign-out", json={"name": "nobody"}).status_code == 404


def test_the_last_admin_stays_one(house: House) -> None:
    ada = house.signed_in("ada")
    gone = ada.post(f"{USERS}/disable", json={"name": "ada"})
    assert (gone.status_code, gone.json()["code"]) == (422, "last-admin")
    less = ada.post(f"{USERS}/role", json={"name": "ada", "role": "reader", "password": GOOD})
    assert (less.status_code, less.json()["code"]) == (422, "last-admin")
    assert sign_in.authenticate(
        house.frame.opened.database, "ada", GOOD, "here", hasher=house.frame.hasher
    )
