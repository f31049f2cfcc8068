"""The one cookie: a session's token, out of reach of scripts and of other sites."""

from starlette.responses import Response

from ui.frame import Frame


def give(answer: Response, frame: Frame, token: str) -> None:
    """Have the browser keep a session's token until it is closed."""
    answer.set_cookie(
        frame.cookie,
        token,
        path="/",
        secure=frame.options.secure,
        httponly=True,
        samesite="strict",
    )


def forget(answer: Response, frame: Frame) -> None:
    """Have the browser forget it."""
    answer.delete_cookie(
        frame.cookie, path="/", secure=frame.options.secure, httponly=True, samesite="strict"
    )
