"""Right and left lung in a chest CT: volume, mean attenuation, emphysema index."""

from expert_models.ct_lungs.expert import CtLungs


def build() -> CtLungs:
    """The expert, for the entry point."""
    return CtLungs()
