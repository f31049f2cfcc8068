"""A process that forks one child after the other to write in a home; tests kill the children.

Forked, so that a child begins its work at once and a moment can be chosen within it. A line on
stdin begins a child: ``work NUMBER``, ``upgrade``, ``stop STEP REVISION`` (a migration that is
killed before its nth statement), or ``halt STEP NUMBER`` (deeds that are killed before the nth call
that makes files durable; both after all, if they are fewer). A child says its number (``pid``),
what it begins, and what it has done once the call has returned. After it ended the parent says so
with its status.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import event

from medmm import home as home_module
from medmm.database import Database
from medmm.records import migrations
from tests.records.deeds import DEEDS, ROUND, Doer, do_round


def main(folder: str, url: str) -> None:
    """One child for each line, until stdin ends."""
    warm_up()
    say("ready")
    # Not by iteration: what that reads ahead a child would have, too.
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            run(folder, url, line.split())
        say(f"ended {os.waitpid(child, 0)[1]}")


def warm_up() -> None:
    """All deeds once in another home, so that no child is killed while it imports."""
    with TemporaryDirectory() as folder:
        home = home_module.prepare(Path(folder))
        database = Database(home.database_url)
        migrations.ensure(database, home)
        doer = Doer(home, database, 1)
        doer.add_signer()
        do_round(doer)
        # A child must not have a connection of its parent's.
        database.close()


def run(folder: str, url: str, words: list[str]) -> None:
    """The child, which only ends when it is killed or fails."""
    say(f"pid {os.getpid()}")
    home = home_module.prepare(Path(folder))
    database = Database(url)
    match words:
        case ["work", number]:
            migrations.ensure(database, home)
            for round_number in count(int(number)):
                work(home, database, round_number, ROUND)
        case ["upgrade"]:
            say("begin upgrade")
            migrations.upgrade(database, home)
            say("done upgrade database")
        case ["halt", step, number]:
            migrations.ensure(database, home)
            die_before_call(int(step))
            work(home, database, int(number), ("ingest", "draft", "edit"))
        case ["stop", step, revision]:
            die_before(database, int(step))
            if revision == "head":
                migrations.upgrade(database, home)
            else:
                migrations.downgrade(database, home, revision)
            say(f"done migration {revision}")
    if words[0] in {"stop", "halt"}:
        os.kill(os.getpid(), signal.SIGKILL)
    # Whoever kills must not meet another process under this number.
    signal.pause()


def die_before(database: Database, step: int) -> None:
    """Let this process be killed before its nth statement."""
    statements = count(1)

    def die(*_: object) -> None:
        if next(statements) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", die)


def die_before_call(step: int) -> None:
    """Let this process be killed before its nth call of those that make a file whole and durable.

    They are: a new temporary file, fsync (of the file, later of its folder), rename.
    """
    calls = count(1)

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def die(*arguments: Any, **named: Any) -> Any:
            if next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return die

    for module, name in ((tempfile, "mkstemp"), (os, "fsync"), (os, "replace")):
        setattr(module, name, dying(getattr(module, name)))


def work(home: home_module.Home, database: Database, number: int, deeds: Sequence[str]) -> None:
    """One round of deeds."""
    doer = Doer(home, database, number)
    for name in deeds:
        say(f"begin {name}")
        DEEDS[name](doer)
        say(f"done {name} {named(doer, name)}")


def named(doer: Doer, deed: str) -> str:
    """What the deed was done to."""
    if deed == "ingest":
        return f"study:{doer.study_id}"
    if deed.endswith("document"):
        return f"document:{doer.document}"
    if deed in {"add_user", "set_password", "change_role", "disable_user", "enable_user"}:
        return f"user:{doer.user}"
    return f"report:{doer.report_id}"


def say(line: str) -> None:
    """Out of this process before anything else is done, and never half."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
