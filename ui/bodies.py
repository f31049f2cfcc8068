"""Bodies read whole before anybody inside sees them, and given again."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

MOST_FIELDS = 100


@dataclass
class Body:
    """A body, and the stream that gives it once more."""

    data: bytes
    rest: Receive
    _given: bool = False

    async def again(self) -> Message:
        """The body as one message, then whatever comes after it: that the client went away."""
        if self._given:
            return await self.rest()
        self._given = True
        return {"type": "http.request", "body": self.data, "more_body": False}


async def read_body(receive: Receive) -> Body:
    """All of a body; the doorway has bounded its size and time.

    Raises:
        HTTPException: the client went away before its end.
    """
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise HTTPException(400, "The request ended too early.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return Body(b"".join(parts), receive)


def form_field(data: bytes, name: str) -> str:
    """A field of an urlencoded form; empty where it is missing or given twice."""
    try:
        fields = parse_qsl(data.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    found = [value for key, value in fields if key == name]
    return found[0] if len(found) == 1 else ""
