"""Speed of verifying the audit chain, as a ratio to hashing the same bytes alone.

Seconds are for an otherwise idle machine and are only printed; the ratio is of processor time,
which other processes hardly change. Of a row's time, hashing is what no implementation can do
without; reading it through the database, writing it as canonical JSON and comparing are what medmm
adds. `MOST_RATIO` is about twice what was measured when this was written (22): more means that the
walk does work for each row that it did not do then.
"""

import hashlib
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from medmm import home as home_module
from medmm.database import Database
from medmm.home import Home
from medmm.nouns.documents import canonical_bytes
from medmm.records import audit, migrations
from medmm.records.audit_chain import FIELDS, START, TAG, row_hash

ROWS = 100_000
MOST_RATIO = 40.0
SHA256 = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
Row = tuple[int | str, ...]


def chain(rows: int) -> Iterator[Row]:
    """Events of about 300 bytes, rightly chained."""
    previous = START.hash
    for number in range(1, rows + 1):
        fields = (
            number, f"2026-01-01T00:00:00.{number % 1_000_000:06d}+00:00", "0.1.0",
            f"user{number % 50}", "reporter", "report.edit", f"report:{number % 9999}", "ok",
            f'{{"sha256":"{SHA256}","version":{number % 7}}}', "192.0.2.17",
        )  # fmt: skip
        own = row_hash(previous, fields)
        yield (*fields, previous, own)
        previous = own


def hashing_alone(rows: int) -> float:
    """Seconds of processor time to hash as many rows' bytes, made before."""
    *fields, previous, _ = next(chain(1))
    row = canonical_bytes(dict(zip(FIELDS, fields, strict=True)))
    data = b"%b\n%b\n%b" % (TAG, str(previous).encode(), row)
    started = time.process_time()
    for _ in range(rows):
        hashlib.sha256(data).hexdigest()
    return time.process_time() - started


def filled(home: Home, database: Database, rows: int) -> None:
    """Put the chain in without medmm's own writing, and seal it."""
    migrations.ensure(database, home)
    marks = ", ".join("?" * (len(FIELDS) + 2))
    with closing(sqlite3.connect(home.path / "medmm.db")) as raw, raw:
        raw.executemany(f"INSERT INTO audit_events VALUES ({marks})", chain(rows))
    audit.seal(database, home)


def main(rows: int = ROWS) -> int:
    """Verify a chain of ``rows``; 1 if that has a problem or takes too long for its hashing."""
    with tempfile.TemporaryDirectory() as folder:
        home = home_module.prepare(Path(folder) / "home")
        with closing(Database(home.database_url)) as database:
            filled(home, database, rows)
            started, busy = time.perf_counter(), time.process_time()
            problems = audit.verify(database, home)
            seconds, busy = time.perf_counter() - started, time.process_time() - busy
    alone = hashing_alone(rows)
    ratio = busy / alone
    print(f"verify {rows:,} events: {seconds:.1f} s, {rows / seconds:,.0f} rows/s")
    print(f"processor: {busy:.1f} s, hashing alone {alone:.2f} s, ratio {ratio:.1f} ({MOST_RATIO})")
    if problems:
        print(f"  an untouched chain has a problem: {problems[0]}")
    return int(bool(problems) or ratio > MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
