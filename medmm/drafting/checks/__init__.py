"""The checks: every statement, whoever wrote it, against what is known of its case."""

from medmm.drafting.checks.run import Checked, run_checks

__all__ = ["Checked", "run_checks"]
