"""The composer: sentences from a case by rules in data."""
