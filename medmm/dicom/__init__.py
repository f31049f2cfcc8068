"""Files and network into nouns, nouns into files."""
