"""Tables and functions for studies, reports and their versions."""
