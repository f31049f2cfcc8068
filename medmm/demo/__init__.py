"""The study made by code, with known truth."""
