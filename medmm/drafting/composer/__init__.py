"""A writer that makes sentences from measurements by rules in data, without a model."""

from medmm.drafting.composer.writing import Composer

__all__ = ["Composer"]
