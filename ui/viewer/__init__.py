"""What the viewer is told and given: the document of a study, slices by plane, masks, presets."""
