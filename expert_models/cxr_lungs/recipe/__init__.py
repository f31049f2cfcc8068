"""How `cxr_lungs` is trained: data, augmentation, nets, schedule, figures, card."""

from expert_models.cxr_lungs.recipe.recipe import CxrLungsRecipe

__all__ = ["CxrLungsRecipe"]
