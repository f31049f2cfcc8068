"""Routes of the admin's room: every one of them asks for a right that only admins have.

The table of rights (`medmm.records.access`) knows no action for looking at the platform itself; who
may read the audit log may look at cards, health and the room.
"""

from fastapi import APIRouter

from ui.routes.admin import audit, health, knowledge, models, users


def routes() -> APIRouter:
    """All of them; what runs in the background belongs to the one page that they are made for."""
    router = APIRouter()
    for part in (
        users.router,
        models.router,
        knowledge.router,
        audit.router,
        audit.verifying(),
        health.router,
    ):
        router.include_router(part)
    return router
