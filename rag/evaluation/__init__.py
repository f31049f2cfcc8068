"""Retrieval measured on labelled questions: BEIR's layout, rankings, figures with intervals."""
