"""The ways in which a series can be odd: each builds a folder and says what must become of it."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.dicom.synthetic import ROWS, Cut, Truth, cuts, rewrite, write, write_enhanced

SIN, COS = np.sin, np.cos


@dataclass(frozen=True)
class Right:
    """Usable volumes with that many slices each (sorted), and reason codes that must be said."""

    slices: tuple[int, ...]
    codes: frozenset[str] = frozenset()
    times: int = 1
    status: str = "usable"
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """Nothing usable as a volume; the first reason's code."""

    code: str


Case = tuple[str, Callable[[Path], Truth], Right | Refused]
CASES: list[Case] = []


def case(
    name: str, expected: Right | Refused
) -> Callable[[Callable[[Path], Truth]], Callable[[Path], Truth]]:
    def register(build: Callable[[Path], Truth]) -> Callable[[Path], Truth]:
        CASES.append((name, build, expected))
        return build

    return register


def right(*slices: int, **more: object) -> Right:
    codes = frozenset(more.pop("codes", ()))  # type: ignore[arg-type]
    return Right(slices or (20,), codes, **more)  # type: ignore[arg-type]


@case("clean", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts())


def _rotated(degrees: float) -> dict[str, tuple[float, ...]]:
    a = np.radians(degrees)
    return {"row": (COS(a), SIN(a), 0.0), "column": (-SIN(a) * 0.8, COS(a) * 0.8, -0.6)}


@case("oblique", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts(**_rotated(20)))


@case("sagittal", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts(row=(0, 1, 0), column=(0, 0, -1)))


@case("coronal", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts(row=(1, 0, 0), column=(0, 0, -1)))


@case("non-square pixels", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts(spacing=(1.5, 0.5)))


@case("reversed", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts()[::-1])


@case("shuffled file names", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for cut, place in zip(slices, np.random.default_rng(1).permutation(20), strict=True):
        cut.name = f"x{place:02d}.dcm"
    return write(folder, slices)


@case("SliceLocation contradicts the positions", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for number, cut in enumerate(slices):
        cut.tags["SliceLocation"] = 500 - 7 * number
    return write(folder, slices)


@case("positions jitter by 0.01 mm", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    jitter = np.random.default_rng(2).uniform(-0.01, 0.01, (20, 3))
    for cut, shift in zip(slices, jitter, strict=True):
        cut.position = cut.position + shift
    return write(folder, slices)


@case("12 bits signed without sign extension", right())
def _(folder: Path) -> Truth:
    slices = cuts(intercept=0.0)
    for number, cut in enumerate(slices):
        cut.tags |= {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 1}
        values = np.arange(number * 80, number * 80 + 80).reshape(ROWS, 10) - 1024
        cut.stored = values & 0x0FFF
    return write(folder, slices)


@case("instance numbers interleaved by acquisition", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for number, cut in enumerate(slices):
        cut.number = number // 2 + (1 if number % 2 == 0 else 11)
        cut.tags["AcquisitionNumber"] = number % 2 + 1
    return write(folder, slices)


@case("instance numbers missing", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for cut in slices:
        cut.number = None
    return write(folder, slices)


@case("missing slice, number gap", Refused("missing_slices"))
def _(folder: Path) -> Truth:
    slices = cuts()
    del slices[9]
    return write(folder, slices)


@case("missing slice, renumbered", Refused("missing_slices"))
def _(folder: Path) -> Truth:
    slices = cuts()
    del slices[9]
    for number, cut in enumerate(slices):
        cut.number = number + 1
    return write(folder, slices)


@case("missing first slices, seen by their numbers", right(17, codes=["ends_missing"]))
def _(folder: Path) -> Truth:
    return write(folder, cuts()[3:])


@case("missing last slices, seen by ImagesInAcquisition", right(18, codes=["ends_missing"]))
def _(folder: Path) -> Truth:
    return write(folder, cuts(tags={"ImagesInAcquisition": 20})[:18])


@case("one slice replaced by its neighbour's copy", Refused("repeated_positions"))
def _(folder: Path) -> Truth:
    slices = cuts()
    slices[9].position = slices[8].position.copy()
    return write(folder, slices)


@case("one file replaced by its neighbour's copy", Refused("missing_slices"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    (folder / "im0009.dcm").write_bytes((folder / "im0008.dcm").read_bytes())
    return truth


@case("duplicate of one SOP instance", right(codes=["copies_dropped"], status="repaired"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    (folder / "again.dcm").write_bytes((folder / "im0008.dcm").read_bytes())
    return truth


@case("one SOP instance with other pixels", Refused("conflicting_copies"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    data = bytearray((folder / "im0008.dcm").read_bytes())
    data[-2] ^= 1
    (folder / "again.dcm").write_bytes(data)
    return truth


@case("duplicate position, other content", Refused("repeated_positions"))
def _(folder: Path) -> Truth:
    slices = cuts()
    extra = copy.deepcopy(slices[8])
    extra.identity = "A"
    return write(folder, [*slices, extra])


def _twice(folder: Path, keyword: str, values: tuple[object, ...], *, blocks: bool = True) -> Truth:
    """The same positions once for each value of a tag."""
    slices: list[Cut] = []
    for place, value in enumerate(values):
        for cut in cuts(tags={keyword: value}):
            cut.number = (cut.number or 0) + 20 * place if blocks else cut.number
            slices.append(cut)
    return write(folder, slices)


@case("two reconstructions in one series", right(20, 20, codes=["split"]))
def _(folder: Path) -> Truth:
    return _twice(folder, "ConvolutionKernel", ("B30f", "B70f"))


@case("two echoes", right(20, 20, codes=["split"]))
def _(folder: Path) -> Truth:
    return _twice(folder, "EchoTime", (4.5, 9))


@case("two b-values", right(20, 20, codes=["split"]))
def _(folder: Path) -> Truth:
    return _twice(folder, "DiffusionBValue", (0.0, 1000.0))


@case("three time points", right(20, times=3))
def _(folder: Path) -> Truth:
    return _twice(folder, "TemporalPositionIdentifier", (1, 2, 3))


@case("three time points by the clock of each slice", right(20, times=3))
def _(folder: Path) -> Truth:
    slices: list[Cut] = []
    for time in range(3):
        for number, cut in enumerate(cuts()):
            cut.tags["AcquisitionTime"] = f"1200{time * 15 + number * 0.5:09.6f}"
            slices.append(cut)
    return write(folder, slices)


@case("last time point cut off", Refused("incomplete_time_points"))
def _(folder: Path) -> Truth:
    slices = [cut for time in (1, 2, 3) for cut in cuts(tags={"TemporalPositionIdentifier": time})]
    return write(folder, slices[:-2])


@case("repeats that no tag explains", Refused("repeated_positions"))
def _(folder: Path) -> Truth:
    return write(folder, cuts() + cuts())


@case("two echoes at three time points", right(20, 20, codes=["split"], times=3))
def _(folder: Path) -> Truth:
    slices = [
        cut
        for echo in (4.5, 9)
        for time in (1, 2, 3)
        for cut in cuts(tags={"EchoTime": echo, "TemporalPositionIdentifier": time})
    ]
    return write(folder, slices)


@case("two series in the folder", right(12, 20))
def _(folder: Path) -> Truth:
    return write(folder, cuts() + cuts(12, identity="B", origin=(-31, -42, 103)))


@case("scout in the series", right(20, codes=["scout_apart"]))
def _(folder: Path) -> Truth:
    scout = Cut(
        np.array([-30.0, 0.0, 150.0]),
        column=np.array([0, 0, -1.0]),
        shape=(12, 10),
        tags={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    )
    return write(folder, [scout, *cuts()])


@case("axial scout of the same form in the series", right(20))
def _(folder: Path) -> Truth:
    scout = copy.deepcopy(cuts()[4])
    scout.tags["ImageType"] = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    return write(folder, [scout, *cuts()])


def _tilted(folder: Path, degrees: float, tag: float) -> Truth:
    a = np.radians(degrees)
    return write(
        folder,
        cuts(
            column=(0, COS(a), -SIN(a)),
            step=(0, 0, 1),
            tags={"GantryDetectorTilt": tag},
        ),
    )


@case("gantry tilt 15 degrees, tag 15", right(codes=["tilted"], status="repaired"))
def _(folder: Path) -> Truth:
    return _tilted(folder, 15, 15)


@case("gantry tilt 12 degrees, tag 0", right(codes=["tilted"], status="repaired"))
def _(folder: Path) -> Truth:
    return _tilted(folder, -12, 0)


@case("irregular spacing of 0.8 mm", Refused("irregular_spacing"))
def _(folder: Path) -> Truth:
    slices = cuts()
    for cut, shift in zip(slices, np.random.default_rng(3).uniform(-0.8, 0.8, 20), strict=True):
        cut.position[2] += shift
    return write(folder, slices)


@case("2.5 then 5 mm", Refused("irregular_spacing"))
def _(folder: Path) -> Truth:
    return write(folder, cuts(10) + cuts(10, 5.0, origin=(-30, -40, 130)))


@case("2.5 then 5 mm, most of them 2.5", Refused("irregular_spacing"))
def _(folder: Path) -> Truth:
    return write(folder, cuts(14) + cuts(6, 5.0, origin=(-30, -40, 137.5)))


@case("repeats beside a tag that differs on every slice", Refused("repeated_positions"))
def _(folder: Path) -> Truth:
    slices = cuts() + cuts()
    for number, cut in enumerate(slices):
        cut.tags["EchoTime"] = 4 + number / 100
    return write(folder, slices)


@case("spacing drifts by 0.4 % a slice", Refused("irregular_spacing"))
def _(folder: Path) -> Truth:
    slices = cuts()
    steps = np.concatenate([[0], np.cumsum(2.5 * 1.004 ** np.arange(19))])
    for cut, z in zip(slices, steps, strict=True):
        cut.position[2] = 100 + z
    return write(folder, slices)


@case("block shifted 6 mm sideways", Refused("sideways_shift"))
def _(folder: Path) -> Truth:
    slices = cuts()
    for cut in slices[10:]:
        cut.position[0] += 6
    return write(folder, slices)


@case("thickness 5 over spacing 2.5", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts(tags={"SliceThickness": 5}))


@case("wrong SpacingBetweenSlices", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts(tags={"SpacingBetweenSlices": -4}))


@case("orientation jitters by 2e-5", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for cut, shift in zip(slices, np.random.default_rng(4).normal(0, 2e-5, (20, 3)), strict=True):
        cut.row = (cut.row + shift) / np.linalg.norm(cut.row + shift)
        cut.column = cut.column - (cut.column @ cut.row) * cut.row
    return write(folder, slices)


@case("mixed orientation", right(8, 12, codes=["split"]))
def _(folder: Path) -> Truth:
    return write(folder, cuts(12) + cuts(8, row=(0, 1, 0), column=(0, 0, -1)))


@case("mixed matrix size", right(10, 10, codes=["split"]))
def _(folder: Path) -> Truth:
    return write(folder, cuts(10) + cuts(10, origin=(-30, -40, 125), shape=(6, 12)))


@case("mixed pixel spacing", right(10, 10, codes=["split"]))
def _(folder: Path) -> Truth:
    return write(folder, cuts(10) + cuts(10, origin=(-30, -40, 125), spacing=(0.9, 0.9)))


@case("mixed frame of reference", right(10, 10, codes=["split"]))
def _(folder: Path) -> Truth:
    other = cuts(10, origin=(-30, -40, 125), tags={"FrameOfReferenceUID": "1.2.3"})
    return write(folder, cuts(10) + other)


@case("slope and intercept differ from slice to slice", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for number, cut in enumerate(slices):
        cut.slope = 0.5 if number % 2 else 0.25
        cut.intercept = -1024.0 + 8 * number * -1
    return write(folder, slices)


@case("whole slopes differ from slice to slice", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for number, cut in enumerate(slices):
        cut.intercept = -1024.0 - number
    return write(folder, slices)


@case("13 bits with an overlay in bit 15", right())
def _(folder: Path) -> Truth:
    slices = cuts()
    for number, cut in enumerate(slices):
        cut.tags |= {"BitsStored": 13, "HighBit": 12}
        values = np.arange(number * 80, number * 80 + 80).reshape(ROWS, 10)
        cut.stored = values | np.where(values % 3 == 0, 0x8000, 0)
    return write(folder, slices)


@case("MONOCHROME1 with HU", right())
def _(folder: Path) -> Truth:
    return write(folder, cuts(tags={"PhotometricInterpretation": "MONOCHROME1"}))


@case("two stations that overlap", right(10, 12, codes=["split"]))
def _(folder: Path) -> Truth:
    first = cuts(12, tags={"AcquisitionNumber": 1})
    second = cuts(10, origin=(-30, -40, 121.2), tags={"AcquisitionNumber": 2})
    return write(folder, first + second)


@case("two stations that overlap, untold", Refused("irregular_spacing"))
def _(folder: Path) -> Truth:
    return write(folder, cuts(12) + cuts(10, origin=(-30, -40, 121.2)))


@case("truncated file", Refused("truncated"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    path = folder / "im0019.dcm"
    path.write_bytes(path.read_bytes()[:-40])
    return truth


@case("position missing in one", Refused("missing_position"))
def _(folder: Path) -> Truth:
    slices = cuts()
    slices[19].without = ("ImagePositionPatient",)
    return write(folder, slices)


@case("position missing in all", Refused("missing_position"))
def _(folder: Path) -> Truth:
    return write(folder, cuts(without=("ImagePositionPatient",)))


@case("pixel spacing missing", Refused("missing_spacing"))
def _(folder: Path) -> Truth:
    return write(folder, cuts(without=("PixelSpacing",)))


@case("pixel spacing not a number", Refused("bad_number"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    for path in folder.iterdir():
        data = path.read_bytes()
        path.write_bytes(data.replace(b"0.800000\\0.700000", b"0,800000\\0,700000"))
    return truth


@case("position of 1e308", Refused("bad_number"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    path = folder / "im0000.dcm"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"-30.000000\\-40", b"1e308     \\-40"))
    return truth


@case("enhanced CT, frames in order", right())
def _(folder: Path) -> Truth:
    return write_enhanced(folder, cuts())


@case("enhanced CT, frames shuffled", right())
def _(folder: Path) -> Truth:
    slices = cuts(**_rotated(10))
    order = np.random.default_rng(5).permutation(20)
    return write_enhanced(folder, [slices[place] for place in order])


@case("enhanced CT, slope per frame", right())
def _(folder: Path) -> Truth:
    return write_enhanced(folder, cuts(), slopes=[1.0, 0.5] * 10)


@case("one slice of another patient", Refused("mixed_identity"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    rewrite(folder / "im0007.dcm", PatientID="ID-B")
    return truth


@case("one slice of another birth date", Refused("mixed_identity"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    rewrite(folder / "im0019.dcm", PatientBirthDate="19510102")
    return truth


@case("one slice of another study", Refused("mixed_identity"))
def _(folder: Path) -> Truth:
    truth = write(folder, cuts())
    rewrite(folder / "im0000.dcm", StudyInstanceUID="1.2.3.4")
    return truth


@case("an animal", Refused("quadruped"))
def _(folder: Path) -> Truth:
    return write(folder, cuts(tags={"AnatomicalOrientationType": "QUADRUPED"}))
