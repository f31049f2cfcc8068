"""What everything is made of: frozen dataclasses without I/O, on NumPy at most."""

from medmm.nouns.codes import Code
from medmm.nouns.content import Cine, Content, Document, Picture, Volume, Waveform
from medmm.nouns.draft import Check, Draft, ExpertRun, Report, ReportVersion, WriterInfo
from medmm.nouns.evaluation import Answer, Prediction, Question, Sample, Score
from medmm.nouns.evidence import Evidence, EvidenceKind, Statement, StatementState
from medmm.nouns.experts import (
    Applicability,
    Card,
    Cost,
    ExpertResult,
    Figure,
    RunContext,
    Selection,
)
from medmm.nouns.facts import Facts
from medmm.nouns.findings import Finding, Measurement, Presence, Uncertainty
from medmm.nouns.language import Conversation, GenerateOptions, Reply, Turn
from medmm.nouns.passages import Passage, Query
from medmm.nouns.regions import Mask, Region
from medmm.nouns.study import (
    Dropped,
    FilmView,
    Kind,
    Origin,
    Patient,
    Prior,
    Reason,
    Series,
    Study,
    Verdict,
    VerdictStatus,
)
from medmm.nouns.upright import Upright
from medmm.nouns.writing import Case

__all__ = [
    "Answer",
    "Applicability",
    "Card",
    "Case",
    "Check",
    "Cine",
    "Code",
    "Content",
    "Conversation",
    "Cost",
    "Document",
    "Draft",
    "Dropped",
    "Evidence",
    "EvidenceKind",
    "ExpertResult",
    "ExpertRun",
    "Facts",
    "Figure",
    "FilmView",
    "Finding",
    "GenerateOptions",
    "Kind",
    "Mask",
    "Measurement",
    "Origin",
    "Passage",
    "Patient",
    "Picture",
    "Prediction",
    "Presence",
    "Prior",
    "Query",
    "Question",
    "Reason",
    "Region",
    "Reply",
    "Report",
    "ReportVersion",
    "RunContext",
    "Sample",
    "Score",
    "Selection",
    "Series",
    "Statement",
    "StatementState",
    "Study",
    "Turn",
    "Uncertainty",
    "Upright",
    "Verdict",
    "VerdictStatus",
    "Volume",
    "Waveform",
    "WriterInfo",
]
