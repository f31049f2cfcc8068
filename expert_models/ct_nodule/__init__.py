"""Candidates for lung nodules in a chest CT, ranked and measured; a demonstrator."""

from expert_models.ct_nodule.expert import CtNodule


def build() -> CtNodule:
    """The expert, for the entry point."""
    return CtNodule()
