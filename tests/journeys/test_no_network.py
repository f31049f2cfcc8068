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


def test_no_part_of_the_job_speaks_to_the_network(medmm_command: Medmm, small_study: Path) -> None:
    """A trace of the process and its children: nothing is connected or sent, knowledge included.

    Where requests is installed pydicom imports it, and urllib3 then asks the kernel whether there
    is IPv6 by binding a socket to this machine's own address; that one is let pass.
    """
    strace = shutil.which("strace")
    if strace is None:
        absent("strace", "install Debian's strace")
        raise AssertionError
    trace = medmm_command.home.with_name("trace")
    watched = "trace=socket,connect,bind,listen,sendto,sendmsg,sendmmsg"
    medmm_command("draft", small_study, before=[strace, "-f", "-e", watched, "-o", str(trace)])
    calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
    calls = [call for call in calls if "AF_INET" in call or not call.startswith(("socket", "bind"))]
    own = [call for call in calls if call.startswith("bind") and '"::1"' in call]
    others = [call for call in calls if "AF_INET" in call and call not in own]
    assert len(own) <= 1
    assert [call for call in others if not call.startswith("socket(AF_INET6")] == []
    assert len(others) <= len(own)
