"""The page."""

__medmm_owner__ = "medmm"
