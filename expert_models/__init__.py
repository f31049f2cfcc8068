"""Experts: one module or folder each, with its card."""

__medmm_owner__ = "medmm"
