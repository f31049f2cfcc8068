"""``medmm demo --serve`` opens on the bundled study, with a sign-in that works."""

import json
import signal
import subprocess
from typing import Any

import httpx

from tests.conftest import Medmm


def started(medmm_command: Medmm) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    process = subprocess.Popen(
        medmm_command.command("demo", "--serve", "--port", "0", "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = "".join(iter(process.stdout.readline, "}\n")) + "}"
    return process, json.loads(said)


def test_the_demo_serves_its_study_to_who_signs_in_as_it_says(medmm_command: Medmm) -> None:
    passwords = []
    for _ in range(2):
        process, told = started(medmm_command)
        try:
            sign_in = told["sign_in"]
            passwords.append(sign_in["password"])
            origin = {"origin": told["url"].rstrip("/")}
            with httpx.Client(headers=origin | {"accept": "text/html"}, timeout=60) as browser:
                away = browser.get(told["study"])
                assert (away.status_code, away.headers["location"][:8]) == (303, "/sign-in")
                form = {"name": sign_in["user"], "password": sign_in["password"]}
                answer = browser.post(f"{told['url']}sign-in", data=form)
                assert answer.status_code == 303
                number = told["study"].rpartition("/")[2]
                desk = browser.get(f"{told['url']}api/studies/{number}/desk")
                assert desk.status_code == 200
                assert "phantom" in desk.text
                assert browser.get(told["study"]).status_code == 200
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
            process.communicate()
        assert process.returncode == 130
        assert sign_in["password"] not in errors
    # Drafted once, and a password of its own each time.
    assert len(set(passwords)) == 2
    assert len(medmm_command.json("reports", "list")["reports"]) == 2
