"""What the admin's routes share: the home in the hands of who asks, and bodies of few fields."""

from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from medmm.assembly.homes import OpenHome
from medmm.records.access import Action
from ui.visits import home_of

ADMINS: Action = "read_audit"
"""What is asked for where only looking is done: an action that only admins have."""
MOST = 2**31 - 1


def hands(request: Request) -> OpenHome:
    """The home in the hands of who asks; the functions of `medmm.assembly` ask for their rights."""
    return home_of(request)


Home = Annotated[OpenHome, Depends(hands)]
Number = Annotated[int, Path(ge=1, le=MOST)]
Name = Annotated[str, Field(max_length=200)]
Password = Annotated[str, Field(max_length=1024)]


class Given(BaseModel):
    """A body: of these fields and no others, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True)
