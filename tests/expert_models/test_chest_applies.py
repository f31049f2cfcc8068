"""What the chest experts refuse and why, what they doubt, and what they take."""

import numpy as np
import pydicom
import pytest

from expert_models.chest_ct import applies
from medmm.nouns import Reason, Verdict, Volume
from tests.expert_models import chest_phantom as made
from tests.expert_models import real

SHAPE, SPACING = (60, 128, 128), (4.0, 3.0, 3.0)
WATER = made.Scene(((made.Column((0.0, 0.0), (120.0, 100.0)), 0.0),), None, None, (), ())
HOLLOW = made.Scene(
    (
        (made.Column((0.0, 0.0), (150.0, 100.0)), 0.0),
        (made.Ellipsoid((-60.0, 0.0, 0.0), (40.0, 60.0, 80.0)), -1000.0),
        (made.Ellipsoid((60.0, 0.0, 0.0), (40.0, 60.0, 80.0)), -1000.0),
    ),
    None, None, (), (),
)  # fmt: skip
FOAM = made.Scene(((made.Column((0.0, 0.0), (120.0, 100.0)), -800.0),), None, None, (), ())


def array(kind):
    random = np.random.default_rng(5)
    if kind == "even noise":
        return random.integers(-1024, 2000, SHAPE)
    if kind == "normal noise":
        return random.normal(-400, 300, SHAPE)
    return np.full(SHAPE, float(kind))


@pytest.mark.parametrize("kind", ["even noise", "normal noise", "-1000", "-800", "0", "nan"])
def test_noise_and_constants_are_refused(kind):
    volume = Volume(array(kind).astype(np.float32), made.affine(SPACING, SHAPE), "HU")
    answer = applies.judged(made.series(volume))
    assert answer.status == "refuses"
    assert "No lung" in answer.reason


@pytest.mark.parametrize("scene", [WATER, HOLLOW, FOAM], ids=["water", "hollow", "foam"])
def test_test_objects_are_refused(scene):
    answer = applies.judged(made.series(made.rendered(scene, SPACING, SHAPE, fine=2)))
    assert answer.status == "refuses"
    assert "No lung" in answer.reason


@pytest.mark.parametrize(
    ("folder", "part"),
    [
        ("ct_phantom_series/philips_head_phantom_5mm", "HEAD"),
        ("ct_head_tilted/ge_tilt18.5_varspacing", "HEAD"),
        ("ct_abdomen/dicom", ""),
    ],
)
@pytest.mark.parametrize("said", [True, False], ids=["header right", "header says chest"])
def test_real_heads_and_an_abdomen_are_refused_whatever_the_header_says(
    data_folder, folder, part, said
):
    volume = real.dicom(data_folder / folder)
    answer = applies.judged(made.series(volume, body_part=part if said else "CHEST"))
    assert answer.status == "refuses"
    assert "No lung" in answer.reason


def test_a_brain_mr_is_refused_by_its_header_and_by_its_pixels(data_folder):
    volume = real.nifti(data_folder / "mr_brain" / "mni152_t1_2mm.nii.gz", units="1")
    assert "not CT" in applies.judged(made.series(volume, modality="MR")).reason
    assert "Hounsfield" in applies.judged(made.series(volume)).reason
    posing = Volume(volume.array.astype(np.float32) * 10, volume.affine_lps, "HU")
    assert "No lung" in applies.judged(made.series(posing)).reason


def test_a_single_slice_is_refused(data_folder):
    data = pydicom.dcmread(data_folder / "ct_lung_nodule" / "lungmask_0.dcm", force=True)
    volume = Volume(data.pixel_array[None].astype(np.int16), made.affine((1, 0.6, 0.6), (1, 9, 9)),
                    "HU")  # fmt: skip
    answer = applies.judged(made.series(volume))
    assert (answer.status, "1 slice" in answer.reason) == ("refuses", True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"modality": "PT"}, "PT, not CT"),
        ({"modality": ""}, "no stated modality"),
        ({"kind": "4d"}, "not a volume"),
        ({"header": {"ImageType": "ORIGINAL\\PRIMARY\\LOCALIZER"}}, "localizer"),
        ({"header": {"ImageType": "DERIVED\\SECONDARY\\MIP"}}, "projection"),
        ({"description": "Topogram 0.6"}, "localizer"),
    ],
)
def test_the_header_refuses_before_pixels_are_loaded(changes, words, chest):
    looked = []
    series = made.series(chest[1], **changes)
    object.__setattr__(series, "load", lambda: looked.append(1))
    answer = applies.judged(series)
    assert (answer.status, words in answer.reason) == ("refuses", True), answer.reason
    assert not looked


def test_what_the_reader_refused_is_refused_in_its_words(chest):
    series = made.series(chest[1])
    refusal = Verdict("refused", (Reason("gaps", "Two slices are missing."),))
    object.__setattr__(series, "verdict", refusal)
    assert "Two slices are missing." in applies.judged(series).reason


def test_a_chest_applies_and_the_pixels_decide_against_the_header(chest):
    assert applies.judged(made.series(chest[1])).status == "applies"
    assert applies.judged(made.series(chest[1], body_part="")).status == "applies"
    said = applies.judged(made.series(chest[1], body_part="HEAD"))
    assert (said.status, "HEAD" in said.reason) == ("doubtful", True)


def test_very_thick_slices_and_too_short_or_narrow_series_are_refused(chest):
    volume = chest[1]
    stretched = volume.affine_lps @ np.diag([3.0, 1, 1, 1])
    assert "too large" in applies.judged(
        made.series(Volume(volume.array, stretched, "HU"))
    ).reason  # fmt: skip
    short = Volume(volume.array[:9], volume.affine_lps, "HU")
    assert "along the body" in applies.judged(made.series(short)).reason
    narrow = Volume(volume.array[:, :60, :60], volume.affine_lps, "HU")
    assert "too narrow" in applies.judged(made.series(narrow)).reason


def test_lung_bases_alone_are_doubtful(chest):
    volume = chest[1]
    bases = Volume(volume.array[:22], volume.affine_lps, "HU")
    answer = applies.judged(made.series(bases))
    assert (answer.status, "lung bases" in answer.reason) == ("doubtful", True)
