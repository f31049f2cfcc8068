"""Speed and memory of the main job, as ratios against a peer in the same run.

Absolute seconds are for an otherwise idle machine and are printed beside a calibration loop; only
ratios, growth and imported modules decide whether the run fails.
"""

import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

import medmm
from expert_models.cxr_lungs import build as cxr_lungs
from medmm.demo.film import Film
from medmm.demo.study import write_study
from medmm.nouns import Patient, RunContext, Study, Volume

READ_RATIO = 1.2
FILM_SIDE = 2000
NET_RATIO = 1.0
DRAFTS = 20
# Two drafts fill caches and pools; after those a leak would show as steady growth.
WARM_DRAFTS = 4
GROWTH_MB = 60.0
HEAVY = ("torch", "monai", "transformers", "gradio", "chromadb", "llama_index")
HEAVY_FOR_HELP = (*HEAVY, "numpy", "scipy", "sqlalchemy", "pydicom", "pydantic")


def calibration() -> float:
    """Seconds of a fixed piece of NumPy work, to compare machines by."""
    started = time.perf_counter()
    values = np.random.default_rng(0).standard_normal((600, 600))
    for _ in range(30):
        values = values @ values.T
        values /= np.abs(values).max()
    return time.perf_counter() - started


def read_with_medmm(folder: Path) -> np.ndarray:
    """Reading with all proofs, pixels included."""
    content = medmm.read(folder).series[0].content
    assert isinstance(content, Volume)
    return np.asarray(content.array)


def read_with_simpleitk(folder: Path) -> np.ndarray:
    """The peer: GDCM's file list and ITK's series reader."""
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return np.asarray(SimpleITK.GetArrayFromImage(reader.Execute()))


def paired(first: Callable[[], object], second: Callable[[], object], rounds: int) -> list[float]:
    """Ratios first / second, taken in turn so that a drifting machine hits both."""
    ratios = []
    for _ in range(rounds):
        started = time.perf_counter()
        first()
        between = time.perf_counter()
        second()
        ratios.append((between - started) / (time.perf_counter() - between))
    return ratios


def reading(folder: Path) -> bool:
    """The bundled study against SimpleITK; both must see the same voxels."""
    ours, theirs = read_with_medmm(folder), read_with_simpleitk(folder)
    same = bool(np.array_equal(ours, theirs))
    ratios = paired(lambda: read_with_medmm(folder), lambda: read_with_simpleitk(folder), 7)
    ratio = statistics.median(ratios)
    print(
        f"reading the bundled study: {ratio:.2f} x SimpleITK's time "
        f"(median of 7, {min(ratios):.2f} to {max(ratios):.2f}; bar {READ_RATIO}); "
        f"same voxels: {same}"
    )
    return same and ratio <= READ_RATIO


def help_speed() -> bool:
    """`medmm --help`: seconds, and no heavy module."""
    command = [sys.executable, "-X", "importtime", "-m", "medmm", "--help"]
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        subprocess.run(command[:1] + command[3:], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in listing.splitlines()}
    heavy = sorted(imported & set(HEAVY_FOR_HELP))
    print(
        f"medmm --help: {statistics.median(seconds[1:]):.2f} s warm (bar 0.5 s, idle machine); "
        f"heavy modules: {', '.join(heavy) or 'none'}"
    )
    return not heavy


def resident_mb() -> float:
    """Memory in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def drafting(folder: Path) -> bool:
    """One draft's seconds after start-up, and whether 20 in one process leave memory flat."""
    seconds: list[float] = []
    memory: list[float] = []
    for _ in range(DRAFTS):
        study: Study = medmm.read(folder)
        started = time.perf_counter()
        medmm.draft(study)
        seconds.append(time.perf_counter() - started)
        del study
        gc.collect()
        memory.append(resident_mb())
    growth = max(memory[-3:]) - max(memory[:WARM_DRAFTS])
    print(
        f"drafting the bundled study: {statistics.median(seconds[1:]):.1f} s after start-up "
        f"(first {seconds[0]:.1f} s; bar 10 s on an idle machine)"
    )
    print(
        f"{DRAFTS} drafts in one process: {memory[0]:.0f} MB after the first, "
        f"{memory[-1]:.0f} MB after the last, growth after warm-up {growth:.0f} MB "
        f"(bar {GROWTH_MB:.0f} MB)"
    )
    return growth <= GROWTH_MB


def outlining() -> bool:
    """A chest film made by code at 2000 x 2000 pixels on one core, and the net against torch's."""
    film = Film(seed=0, shape=(160, 48, 160), spacing_mm=(1.97, 8.0, 2.4))
    array = np.asarray(Image.fromarray(film.pixels()).resize((FILM_SIDE, FILM_SIDE)))
    expert = cxr_lungs()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.png"
        Image.fromarray(array).save(path)
        seconds = []
        for _ in range(6):
            [series] = medmm.read(path, modality="DX", body_part="CHEST").series
            _ = series.content
            started = time.process_time()
            [selection] = expert.inputs(Study("1.2", Patient(), (series,)))
            expert.run(selection, RunContext(Path(folder), threads=1))
            seconds.append(time.process_time() - started)
        peak = _peak_mb(path)
    ratio = _net_ratio()
    print(
        f"outlining a film of {FILM_SIDE} x {FILM_SIDE} pixels: "
        f"{statistics.median(seconds[1:]):.2f} s on one core after start-up (first "
        f"{seconds[0]:.2f} s; bar 0.5 s on an idle machine), "
        f"{peak:.0f} MB at most in a process that does no more; "
        f"the net: {ratio:.2f} x torch's time (bar {NET_RATIO})"
    )
    return ratio <= NET_RATIO


def _peak_mb(path: Path) -> float:
    """The largest memory of a process that drafts one film and ends."""
    code = (
        "import resource, sys, medmm;"
        "medmm.draft(medmm.read(sys.argv[1], modality='DX', body_part='CHEST'));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True)
    return int(done.stdout) / 1e3


def _net_ratio() -> float:
    """The net in onnxruntime against torch, one thread each, same input in turn."""
    import torch

    from expert_models.cxr_lungs import shared
    from expert_models.cxr_lungs.card import LUNGS
    from expert_models.cxr_lungs.recipe.measuring import torch_net
    from expert_models.cxr_lungs.recipe.nets import segmenter
    from expert_models.training.export import load_safetensors

    torch.set_num_threads(1)
    weights = Path(str(files("expert_models.cxr_lungs"))) / "weights" / "lungs.safetensors"
    peer = torch_net(load_safetensors(segmenter(), weights))
    net = shared.net(LUNGS)
    batch = np.random.default_rng(0).standard_normal((2, 1, 224, 224)).astype(np.float32)
    peer(batch)
    net(batch)
    return statistics.median(paired(lambda: net(batch), lambda: peer(batch), 7))


def main() -> int:
    """Print the table; 1 if a ratio, a growth or an import is over its bar."""
    print(f"calibration loop: {calibration():.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        write_study(Path(folder))
        good = [help_speed(), reading(Path(folder)), drafting(Path(folder)), outlining()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
