"""`make bench`: every table, and a failure if one is outside its bars."""

import sys

from tests.benchmarks import (
    audit_speed,
    page_load,
    page_opening,
    planted_errors,
    retrieval_speed,
    speed,
    viewer_speed,
)


def main() -> int:
    """Run all; the worst exit code counts."""
    codes = []
    for part in (
        speed,
        retrieval_speed,
        audit_speed,
        viewer_speed,
        page_opening,
        page_load,
        planted_errors,
    ):
        print(f"== {part.__name__}")
        codes.append(part.main())
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
