"""A page over a home of its own: served in this process, or by uvicorn on loopback."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from sqlalchemy import select
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from medmm.assembly.homes import OpenHome
from medmm.records import reports, studies, users
from medmm.records.audit_tables import AuditRow
from medmm.records.users import NewUser
from tests.records.builders import draft, numbered_study
from tests.records.conftest import Opened
from tests.records.test_users import QUICK
from tests.ui import plain_room
from ui.app import guarded, routes
from ui.frame import Frame
from ui.options import Options
from ui.patience import TimedProtocol

GOOD = "a quiet lung is good"
OTHER = "another quiet lung"
USERS = {"rita": "reader", "sam": "signer", "ada": "admin"}
HERE = "192.0.2.1"
OURS = {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1"}
HASH = "abc123def45"


@dataclass
class House:
    """The page, and a clock that the test sets."""

    frame: Frame
    app: FastAPI
    page: ASGIApp
    portal: BlockingPortal | None = None
    now: datetime = field(default=datetime(2026, 11, 25, 12, tzinfo=UTC))

    def visitor(self, address: str = HERE, **headers: str) -> TestClient:
        """A browser without a session, which says that our own page asks."""
        made = TestClient(
            self.page,
            base_url="http://127.0.0.1",
            headers=OURS | headers,
            client=(address, 50000),
            follow_redirects=False,
        )
        # All of them in the event loop of the page's lifespan, as in one server.
        made.portal = self.portal
        return made

    def signed_in(self, name: str = "rita", password: str = GOOD) -> TestClient:
        """A browser with a session; its writes carry the token."""
        visitor = self.visitor()
        answer = visitor.post("/sign-in", data={"name": name, "password": password})
        assert answer.status_code == 303, answer.text
        visitor.headers["x-csrf-token"] = csrf_of(visitor)
        return visitor

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    def events(self, action: str) -> list[tuple[str, str, str, str]]:
        """Actor, outcome, origin and detail of the events of an action, in order."""
        wanted = select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.sequence)
        with self.frame.opened.database.read() as session:
            return [
                (row.actor, row.outcome, row.origin, row.detail) for row in session.scalars(wanted)
            ]


def csrf_of(visitor: TestClient) -> str:
    """The token in the page that a visitor sees."""
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', visitor.get("/password").text)
    assert found
    return found[1]


@contextmanager
def built(opened: Opened, options: Options | None = None, **frame: Any) -> Iterator[House]:
    """A page with users and two studies, its lifespan begun."""
    for name, role in USERS.items():
        users.add_user(opened.database, NewUser(name, role, GOOD), hasher=QUICK)
    for number in (1, 2):
        study = numbered_study(number)
        studies.save_study(opened.database, opened.home, study)
    reports.save_draft(opened.database, opened.home, 1, draft("1.2.9.1"))
    home = OpenHome(opened.home, opened.database)
    made: list[House] = []
    frame = {"hasher": QUICK, "clock": lambda: made[0].now} | frame
    whole = Frame(home, options or Options(), **frame)
    app = routes(whole, [plain_room.ROOM])
    made.append(House(whole, app, guarded(app, whole)))
    # Gradio's queue runs in the lifespan of the application.
    with TestClient(made[0].page) as client:
        made[0].portal = client.portal
        yield made[0]


def walked(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route there is, those of mounted applications included."""
    return sorted(set(_walk(app.routes, "")))


def _walk(found: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in found:
        inner = getattr(route, "original_router", None)
        if isinstance(route, Mount):
            yield from _walk(route.routes or [], prefix + route.path)
        elif inner is not None:
            yield from _walk(inner.routes, prefix)
        else:
            for method in route.methods:
                yield method, prefix + route.path


@contextmanager
def served(page: ASGIApp) -> Iterator[str]:
    """The page on loopback by uvicorn; its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    # From here on a connection waits instead of being refused.
    listening.listen()
    config = uvicorn.Config(
        page, http=TimedProtocol, ws="none", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
