"""Indexes over the shelf: caches that can always be made again from the database."""
