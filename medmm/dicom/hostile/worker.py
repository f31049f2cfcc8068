"""The process that codecs run in; started by its path, it imports NumPy and imagecodecs only.

Jobs come in as JSON lines on stdin, compressed bytes and pixels pass through shared memory, and a
line per job goes out. It ends when stdin does, so it cannot outlive its parent.
"""

import json
import mmap
import os
import resource
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CPU_SECONDS = 1800


class Arena:
    """The memory shared with the parent."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.memory: Any = None

    def map(self, size: int, allowance: int) -> None:
        """Map it anew and allow that many more bytes of address space than are in use now."""
        self.memory = memoryview(mmap.mmap(self._descriptor, size))
        with open("/proc/self/statm", encoding="ascii") as file:
            used = int(file.read().split()[0]) * mmap.PAGESIZE
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (used + allowance, hard))


def main() -> None:
    """Serve jobs until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.dup(1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    arena, threads = Arena(int(sys.argv[1])), int(sys.argv[2])
    lock = threading.Lock()

    def answer(message: dict[str, Any]) -> None:
        with lock:
            os.write(answers, json.dumps(message).encode() + b"\n")

    try:
        import imagecodecs  # noqa: F401
        import numpy as np  # noqa: F401
    except ImportError as error:
        answer({"ready": False, "error": str(error)})
        return
    with ThreadPoolExecutor(threads) as pool:
        answer({"ready": True})
        for line in sys.stdin:
            message = json.loads(line)
            if "map" in message:
                arena.map(message["map"], message["allowance"])
            else:
                pool.submit(_serve, message, arena, answer)
        os._exit(0)


def _serve(job: dict[str, Any], arena: Arena, answer: Any) -> None:
    """Decode one frame; whatever goes wrong is the frame's fault and is said of it."""
    try:
        _decode(job, arena)
    except BaseException as error:  # noqa: BLE001
        answer({"id": job["id"], "error": f"{type(error).__name__}: {error}"[:300]})
    else:
        answer({"id": job["id"]})


def _decode(job: dict[str, Any], arena: Arena) -> None:
    import imagecodecs
    import numpy as np

    first, length = job["input"]
    data = arena.memory[first : first + length]
    offset, size = job["output"]
    target = arena.memory[offset : offset + size]
    codec = job["codec"]
    if codec == "rle":
        decoded = imagecodecs.dicomrle_decode(data, job["dtype"], out=target)
        if len(decoded) != size:
            message = f"it holds {len(decoded)} bytes where {size} are claimed"
            raise ValueError(message)
        return
    out = np.frombuffer(target, job["dtype"]).reshape(job["shape"])
    if codec == "jpeg":
        result = imagecodecs.jpeg8_decode(
            data, colorspace=job["colours"][0], outcolorspace=job["colours"][1], out=out
        )
    elif codec == "jpegls":
        result = _jpegls(data, out)
    elif codec == "htj2k":
        result = imagecodecs.htj2k_decode(data, out=out)
    else:
        result = imagecodecs.jpeg2k_decode(data, numthreads=1, out=out)
    if not np.may_share_memory(result, out):
        out[...] = result


def _jpegls(data: Any, out: Any) -> Any:
    """JPEG-LS; samples that were not interleaved only come in memory of the codec's own."""
    import imagecodecs

    try:
        return imagecodecs.jpegls_decode(data, out=out)
    except ValueError:
        decoded = imagecodecs.jpegls_decode(data)
        if decoded.shape != out.shape or decoded.dtype != out.dtype:
            raise
        return decoded


if __name__ == "__main__":
    main()
