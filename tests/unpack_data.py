"""Opens the packed data folder with its own ``unpack``: `python tests/unpack_data.py FOLDER DEST`.

Python before 3.11.4 (Debian 12 has 3.11.2) does not know tarfile's ``filter``; there the archives,
which are this project's own data, are opened without it.
"""

import runpy
import sys
import tarfile
from pathlib import Path
from typing import Any


def main(folder: Path, destination: Path) -> None:
    """Copy ``folder`` to ``destination`` with every packed part opened."""
    if not hasattr(tarfile, "data_filter"):
        plain = tarfile.TarFile.extractall

        def extractall(archive: tarfile.TarFile, path: Any, **_: Any) -> None:
            plain(archive, path)

        tarfile.TarFile.extractall = extractall  # type: ignore[method-assign]
    sys.argv = [str(folder / "unpack"), str(destination)]
    runpy.run_path(str(folder / "unpack"), run_name="__main__")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
