"""Right and left lung on a frontal chest film: outlines, areas, zones, and when to doubt them."""

from expert_models.cxr_lungs.expert import CxrLungs


def build() -> CxrLungs:
    """The expert, for the entry point."""
    return CxrLungs()
