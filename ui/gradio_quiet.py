"""Gradio imported with everything off that would leave this machine, and with a folder of its own.

Its switches are environment variables that it reads when it is imported, so this module is the only
one that imports it first.
"""

import os
import shutil
from pathlib import Path

from medmm.home import Home, storage_error

SWITCHES = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # Its own statistics of calls, which nobody sees here, cost more with every call.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_SHARE": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_ALLOWED_PATHS": "",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
# Switches by which somebody's environment could open what is shut here.
UNSET = (
    "GRADIO_LOCAL_DEV_MODE", "GRADIO_WATCH_DIRS", "GRADIO_VIBE_MODE", "GRADIO_HOT_RELOAD",
    "GRADIO_DEBUG", "GRADIO_ROOT_PATH", "GRADIO_HISTORY_BUCKET", "GRADIO_PROFILING",
    "GRADIO_IS_E2E_TEST", "GRADIO_STATIC_WORKER_PORTS", "GRADIO_NUM_WORKERS", "SPACE_ID",
)  # fmt: skip


def quiet(home: Home) -> Path:
    """Set the switches and empty Gradio's folder, which is private; where it is.

    Nothing of a patient is ever in it: no component with files is used for patients.

    Raises:
        StorageError: the folder cannot be made.
    """
    folder = home.path / "cache" / "gradio"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise storage_error(error, folder) from error
    os.environ.update(SWITCHES)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    for name in UNSET:
        os.environ.pop(name, None)
    return folder
