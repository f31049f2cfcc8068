"""A home with its database, on SQLite and on PostgreSQL."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from medmm import home as home_module
from medmm.database import Database
from medmm.home import Home
from medmm.records import migrations


@dataclass(frozen=True)
class Opened:
    """A home and its database, made ready."""

    home: Home
    database: Database


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: Path) -> Iterator[psycopg.Connection]:
    """A connection that makes schemas: one for each test is much faster than one database each."""
    with psycopg.connect(f"host={postgres_server} user=postgres", autocommit=True) as connection:
        yield connection


@pytest.fixture
def schema_url(postgres_admin: psycopg.Connection) -> Iterator[str]:
    """A new empty schema that connections by this URL live in."""
    name = f"s{uuid.uuid4().hex[:12]}"
    postgres_admin.execute(f"CREATE SCHEMA {name}")
    host = postgres_admin.info.host
    yield f"postgresql+psycopg://postgres@/postgres?host={host}&options=-csearch_path%3D{name}"
    postgres_admin.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("schema_url")
        return url
    (tmp_path / "home").mkdir()
    return f"sqlite:///{tmp_path / 'home' / 'medmm.db'}"


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> Iterator[Opened]:
    """A home whose database has no tables yet."""
    database = Database(database_url)
    yield Opened(home_module.prepare(tmp_path / "home"), database)
    database.close()


@pytest.fixture
def opened(empty: Opened) -> Opened:
    """A home whose database is at this version's schema."""
    migrations.ensure(empty.database, empty.home)
    return empty


@pytest.fixture
def sqlite_home(tmp_path: Path) -> Iterator[Opened]:
    """A ready home on SQLite, for what is SQLite's alone."""
    home = home_module.prepare(tmp_path / "home")
    database = Database(home.database_url)
    migrations.ensure(database, home)
    yield Opened(home, database)
    database.close()
