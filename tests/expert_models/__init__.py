"""Tests of the experts."""
