"""Measured tables; `make bench` prints them all."""
