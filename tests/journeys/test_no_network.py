"""The whole job works where there is no network at all, and nothing tries to use one."""

import json
import shutil
from pathlib import Path

from tests.conftest import Medmm, absent


def test_the_whole_job_in_a_network_namespace_without_a_route(
    medmm_command: Medmm, small_study: Path
) -> None:
    ran = medmm_command("draft", small_study, "--json", before=["unshare", "-rn"])
    assert json.loads(ran.stdout)["report_id"] == 1
    medmm_command("reports", "search", "lung", before=["unshare", "-rn"])


def test_no_part_of_the_job_asks_for_a_socket(medmm_command: Medmm, small_study: Path) -> None:
    """A trace of the process and its children: no socket that could leave the machine is made."""
    strace = shutil.which("strace")
    if strace is None:
        absent("strace", "install Debian's strace")
        raise AssertionError
    trace = medmm_command.home.with_name("trace")
    medmm_command(
        "draft", small_study, before=[strace, "-f", "-e", "trace=socket,connect", "-o", str(trace)]
    )
    calls = [line for line in trace.read_text().splitlines() if "AF_INET" in line]
    assert calls == []


def test_logs_hold_no_patient_data(medmm_command: Medmm, small_study: Path, tmp_path: Path) -> None:
    import pydicom

    spoiled = tmp_path / "canary"
    spoiled.mkdir()
    for path in sorted(path for path in small_study.rglob("*") if path.is_file()):
        dataset = pydicom.dcmread(path)
        dataset.PatientName = "Canaryname^Zebulon"
        dataset.PatientID = "CANARY-4711"
        dataset.save_as(spoiled / path.name)
    medmm_command("draft", spoiled, "--indication", "Canaryreason")
    logs = b"".join(path.read_bytes() for path in (medmm_command.home / "logs").iterdir())
    assert logs
    for canary in (b"Canaryname", b"Zebulon", b"CANARY-4711", b"Canaryreason"):
        assert canary not in logs
