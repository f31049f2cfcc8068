"""Documents on their way in, made for tests."""

from medmm.nouns import Document
from rag.incoming import Incoming
from rag.passages import content_hash

PLEURA = """## Appearance
A pleural effusion blunts the costophrenic angle of an erect film.

## Follow-up
A large effusion of unknown cause is tapped under ultrasound.
"""
NODULE = """## Follow-up
A solid nodule of 6 to 8 mm calls for CT at 6 to 12 months.

| size | low risk | high risk |
| --- | --- | --- |
| under 6 mm | none | CT at 12 months |
| over 8 mm | CT at 3 months | CT at 3 months |
"""


def incoming(
    text: str, title: str = "Effusion", domain: str = "chest-film", source: str = "", **more: str
) -> Incoming:
    """A document whose source is its title unless another is given."""
    return Incoming(
        source=source or title,
        document=Document(text, title, "text/markdown"),
        domain=domain,
        sha256=content_hash(title + text),
        **more,  # type: ignore[arg-type]
    )
