"""From a query to passages: domains, both indexes, one score, and the cut."""
