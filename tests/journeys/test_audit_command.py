"""``medmm audit``: the log listed by filters and proved, by people and by scripts."""

import json

from medmm.database import Database
from tests.assembly.audit_tampering import tamper
from tests.conftest import Medmm


def test_what_was_done_is_listed_newest_first_and_by_filter(medmm_command: Medmm) -> None:
    medmm_command("studies")
    medmm_command("studies", "chest")
    medmm_command("study", 1, code=3)
    listed = medmm_command.json("audit", "list")
    events = listed["events"]
    assert [one["action"] for one in events][:2] == ["search", "list"]
    assert [one["sequence"] for one in events] == list(range(len(events), 0, -1))
    assert listed["older"] is None
    # Listing was recorded, so it is listed now.
    again = medmm_command.json("audit", "list", "--limit", 1)
    assert again["events"][0]["action"] == "read_audit"
    assert again["older"] == again["events"][0]["sequence"]
    older = medmm_command.json("audit", "list", "--before", again["older"])["events"]
    assert [one["sequence"] for one in older] == [one["sequence"] for one in events]
    only = medmm_command.json("audit", "list", "--action", "search")["events"]
    assert [one["action"] for one in only] == ["search"]
    assert medmm_command.json("audit", "list", "--since", "2999-01-01")["events"] == []
    assert medmm_command.json("audit", "list", "--outcome", "denied")["events"] == []
    text = medmm_command("audit", "list", "--action", "search").stdout.splitlines()
    assert text[0].split() == [
        "number", "time", "who", "role", "action", "thing", "outcome", "from", "detail",
    ]  # fmt: skip
    assert "code=studies" in text[1]
    assert "Older ones: --before" in medmm_command("audit", "list", "--limit", 1).stdout
    assert medmm_command("audit", "list", "--actor", "nobody").stdout == "No such events.\n"


def test_what_is_no_filter_is_told_in_a_line(medmm_command: Medmm) -> None:
    for flag, value, told in (
        ("--since", "yesterday", "no time"),
        ("--outcome", "maybe", "no such outcome"),
    ):
        ran = medmm_command("audit", "list", flag, value, code=3)
        assert told in ran.stderr
        assert len(ran.stderr.splitlines()) == 1


def test_the_proof_says_whole_and_then_which_event_was_changed(medmm_command: Medmm) -> None:
    medmm_command("studies")
    proved = medmm_command.json("audit", "verify")
    assert (proved["ok"], proved["chain"], proved["others"]) == (True, [], [])
    assert proved["head"]["key"]
    assert "are as they were recorded" in medmm_command("audit", "verify").stdout
    database = Database(f"sqlite:///{medmm_command.home / 'medmm.db'}")
    tamper(database, 1, actor="\x1b[2Jmallory")
    database.close()
    broken = medmm_command.json("audit", "verify", code=4)
    assert broken["chain"][0].startswith("Audit event 1 was changed")
    told = medmm_command("audit", "verify", code=4).stdout
    assert "Audit event 1 was changed" in told
    listed = medmm_command("audit", "list").stdout + json.dumps(medmm_command.json("audit", "list"))
    assert "‹U+001B›[2Jmallory" in listed
    assert "\x1b" not in listed
