"""Conversations with a vision-language model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from medmm.nouns.content import Picture


@dataclass(frozen=True, eq=False)
class Turn:
    """One turn: who speaks, the words, and the pictures shown with them."""

    role: Literal["system", "user", "assistant"]
    text: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, eq=False)
class Conversation:
    """Turns in order."""

    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class GenerateOptions:
    """Limits and wishes for one reply; ``schema`` is JSON Schema, ``grammar`` is GBNF."""

    max_tokens: int = 512
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    grammar: str | None = None


@dataclass(frozen=True)
class Reply:
    """What came back; ``finish_reason`` "length" means that the text is cut."""

    text: str
    finish_reason: str
    prompt_tokens: int = 0
    reply_tokens: int = 0
    log_probabilities: tuple[float, ...] | None = field(default=None, repr=False)
