"""Drafting: from a case to sentences, and from a study to a draft."""
