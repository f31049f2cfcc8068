"""Knowledge: documents, passages, indexes and retrieval."""

__medmm_owner__ = "medmm"
