"""The tables of signatures and addenda, to which rows are only ever added.

``time`` is kept as text and ``confirmed`` as canonical JSON, because they are hashed as they stand:
what a database makes of a moment must not decide whether a signature holds.
"""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from medmm.database import Base


class SignatureRow(Base):
    """Who signed which version, when and as what; ``bound_sha256`` is over all other values.

    ``number`` counts a report's signatures from 1.
    """

    __tablename__ = "signatures"
    __table_args__ = (UniqueConstraint("report_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    number: Mapped[int]
    version: Mapped[int]
    document_sha256: Mapped[str]
    signer: Mapped[str]
    signer_name: Mapped[str]
    role: Mapped[str]
    meaning: Mapped[str]
    time: Mapped[str]
    confirmed: Mapped[str]
    status: Mapped[str]
    bound_sha256: Mapped[str]


class AddendumRow(Base):
    """A text beside a signed version, signed itself; ``former_sha256`` is the signature before."""

    __tablename__ = "addenda"
    __table_args__ = (UniqueConstraint("report_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    number: Mapped[int]
    version: Mapped[int]
    text: Mapped[str]
    author: Mapped[str]
    author_name: Mapped[str]
    role: Mapped[str]
    meaning: Mapped[str]
    time: Mapped[str]
    status: Mapped[str]
    former_sha256: Mapped[str]
    bound_sha256: Mapped[str]
