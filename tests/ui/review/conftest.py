"""A real drafted study behind the page, and people of every role."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from medmm.assembly.homes import OpenHome, open_home
from medmm.errors import MedmmError
from medmm.records import reports, studies, users
from medmm.records.passwords import HASHER, Hasher
from medmm.records.users import NewUser
from tests.conftest import Medmm
from tests.records.builders import draft, numbered_study
from tests.records.conftest import Opened
from tests.records.test_users import QUICK
from tests.ui.house import GOOD, House, served
from tests.ui.review.desk import Desk
from ui.answers import on_medmm_error, on_wrong_request
from ui.app import build, guarded
from ui.frame import Frame
from ui.routes import reading, sign_in
from ui.routes import reports as routes

hashed_once = cache(HASHER.hashed)


class Whole(Hasher):
    """Hashes at full cost, each password once in this process.

    Signing looks at passwords so; a hash of a lower cost would be made anew and end sessions.
    """

    def hashed(self, password: str) -> str:
        return hashed_once(password)


WHOLE = Whole()
PEOPLE = {"rita": "reader", "rex": "reporter", "sam": "signer", "ann": "signer", "ada": "admin"}


@dataclass(frozen=True)
class Served:
    """A home with report 1, people, and the page over it."""

    frame: Frame
    url: str


@pytest.fixture
def people(opened: Opened) -> House:
    """Our routes under the real guard, without Gradio's rooms: they take seconds to be made."""
    for name, role in PEOPLE.items():
        hasher = WHOLE if role == "signer" else QUICK
        users.add_user(opened.database, NewUser(name, role, GOOD), hasher=hasher)
    for number in (1, 2):
        studies.save_study(opened.database, opened.home, numbered_study(number))
    reports.save_draft(opened.database, opened.home, 1, draft("1.2.9.1"))
    made: list[House] = []
    frame = Frame(OpenHome(opened.home, opened.database), hasher=QUICK, clock=lambda: made[0].now)
    app = FastAPI(openapi_url=None)
    app.add_exception_handler(MedmmError, on_medmm_error)
    app.add_exception_handler(RequestValidationError, on_wrong_request)
    for router in (sign_in.router, routes.router, reading.router):
        app.include_router(router)
    made.append(House(frame, app, guarded(app, frame)))
    return made[0]


@pytest.fixture(scope="session")
def drafted(small_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the small study, drafted as report 1, and people; to be copied."""
    home = tmp_path_factory.mktemp("drafted") / "home"
    medmm = Medmm(home)
    medmm(
        "draft", small_study, "--experts", "ct_lungs", "--no-rag",
        "--indication", "Cough for three weeks.",
    )  # fmt: skip
    opened = open_home(home)
    for name, role in PEOPLE.items():
        users.add_user(opened.database, NewUser(name, role, GOOD), hasher=WHOLE)
    opened.database.close()
    return home


@pytest.fixture
def home(drafted: Path, tmp_path: Path) -> Path:
    """A copy of it of this test's own."""
    return Path(shutil.copytree(drafted, tmp_path / "drafted"))


@pytest.fixture
def site(home: Path) -> Iterator[Served]:
    """The page over it, served in this process."""
    opened = open_home(home)
    frame = Frame(opened)
    with served(build(frame)) as url:
        yield Served(frame, url)
    opened.database.close()


@pytest.fixture
def desk(chromium: Any, site: Served) -> Iterator[Desk]:
    """A signer's browser window; what its console complains of fails the test."""
    with Desk.window(chromium, site.url) as made:
        yield made
