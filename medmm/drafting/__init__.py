"""The pipeline from a study to a draft: run, write, check."""
