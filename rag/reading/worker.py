"""The process that one untrusted document is parsed in; started by its path, it reads stdin.

It takes the job from its only argument, limits itself before it looks at the document, and writes
one JSON object: the text, or the code of a refusal. It imports the parser of its one format.
"""

import json
import os
import resource
import signal
import sys
from typing import Any

PAGE = resource.getpagesize()
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "pty.",
    "urllib.",
)


def main() -> None:
    """Do one job."""
    job = json.loads(sys.argv[1])
    sys.path[:] = job["search"]
    answers = os.dup(1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    _limit(job["limits"])
    answer = json.dumps(_outcome(job), ensure_ascii=False).encode()
    while answer:
        answer = answer[os.write(answers, answer) :]
    os._exit(0)


def _limit(limits: dict[str, Any]) -> None:
    """Memory above what is in use now, processor seconds, a clock, no files and no core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, limits["wall_seconds"])
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * PAGE
    for what, most in (
        (resource.RLIMIT_AS, used + limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # The soft limit on time ends with a signal that names it, a hard one with a kill.
        resource.setrlimit(what, (soft, hard if what == resource.RLIMIT_CPU else soft))


def _outcome(job: dict[str, Any]) -> dict[str, Any]:
    """The text or why there is none; whatever a parser raises is the document's fault."""
    from rag.reading.refusals import RefusedError

    try:
        return _converted(job)
    except RefusedError as refused:
        return {"refused": refused.code, "number": refused.number}
    except ImportError as error:
        return {"missing": error.name or str(error)}
    except MemoryError:
        return {"refused": "memory", "number": 0}
    except RecursionError:
        return {"refused": "nesting", "number": 0}
    except Exception:  # noqa: BLE001
        return {"refused": "damaged", "number": 0}


def _converted(job: dict[str, Any]) -> dict[str, Any]:
    from rag.reading.limits import Limits
    from rag.reading.refusals import RefusedError

    limits = Limits(**job["limits"])
    sys.setrecursionlimit(20 * limits.nesting)
    pages: list[int] = []
    if job["kind"] == "pdf":
        from rag.reading.pdf_pages import pdf_to_markdown

        sys.addaudithook(_forbid)
        text, title, pages = pdf_to_markdown(sys.stdin.buffer, limits)
    elif job["kind"] == "word":
        from rag.reading.wordprocessing import word_to_markdown

        sys.addaudithook(_forbid)
        text, title = word_to_markdown(sys.stdin.buffer, limits)
    else:
        from rag.reading.hypertext import bytes_to_markdown

        sys.addaudithook(_forbid)
        text, title = bytes_to_markdown(sys.stdin.buffer.read(), limits)
    if len(text) > limits.characters:
        raise RefusedError("characters", limits.characters)
    if not text.strip():
        raise RefusedError("no-text")
    return {"text": text, "title": title[:300], "pages": pages}


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """A second lock: no parser has a reason to open a socket, start a program or write a file."""
    writes = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & WRITES)
    if writes or event.startswith(FORBIDDEN):
        message = f"a document is parsed without {event}"
        raise PermissionError(message)


if __name__ == "__main__":
    main()
