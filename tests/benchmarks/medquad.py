"""MedQuAD as a labelled set in BEIR's layout, by the rule in the data folder's own README.

    python -m tests.benchmarks.medquad DATA/knowledge/medquad OUT [--tuning]

Documents are the answers, queries 500 of the questions (``random.seed(1)``), answers of a query all
rows with its question (lower case) or its answer's text. ``--tuning`` draws 800 others instead: the
weights of the fusion were chosen on those.
"""

import argparse
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def write_beir(source: Path, out: Path, *, tuning: bool = False) -> None:
    """Write ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/test.tsv``."""
    with gzip.open(source / "medquad_answers.jsonl.gz", "rt", encoding="utf-8") as file:
        rows: list[Row] = [json.loads(line) for line in file]
    (out / "qrels").mkdir(parents=True, exist_ok=True)
    with (out / "corpus.jsonl").open("w", encoding="utf-8") as corpus:
        for row in rows:
            line = {"_id": row["id"], "title": "", "text": row["answer"]}
            corpus.write(json.dumps(line) + "\n")
    same_question, same_answer = defaultdict(set), defaultdict(set)
    for row in rows:
        same_question[row["question"].lower()].add(row["id"])
        same_answer[row["answer"]].add(row["id"])
    by_id = {row["id"]: row for row in rows}
    with (
        (out / "queries.jsonl").open("w", encoding="utf-8") as queries,
        (out / "qrels" / "test.tsv").open("w", encoding="utf-8") as labels,
    ):
        labels.write("query-id\tcorpus-id\tscore\n")
        for name in chosen(sorted(by_id), tuning=tuning):
            row = by_id[name]
            queries.write(json.dumps({"_id": name, "text": row["question"]}) + "\n")
            for one in sorted(same_question[row["question"].lower()] | same_answer[row["answer"]]):
                labels.write(f"{name}\t{one}\t1\n")


def chosen(ids: Sequence[str], *, tuning: bool) -> list[str]:
    """The 500 questions of the test, or 800 of the others."""
    drawing = random.Random(1)
    test = drawing.sample(ids, 500)
    if not tuning:
        return test
    held = set(test)
    return random.Random(77).sample([one for one in ids if one not in held], 800)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tuning", action="store_true")
    asked = parser.parse_args()
    write_beir(asked.source, asked.out, tuning=asked.tuning)
