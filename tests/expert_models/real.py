"""Real files as volumes, read with nibabel and pydicom alone: nothing of ours stands between."""

import nibabel
import numpy as np
import pydicom

from medmm.nouns import Volume


def nifti(path, units="HU"):
    """A NIfTI file as ``[slice, row, column]`` with an LPS affine."""
    image = nibabel.load(path)
    reverse = np.eye(4)[[2, 1, 0, 3]]
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine @ reverse
    return Volume(np.asarray(image.dataobj).transpose(2, 1, 0), matrix, units)


def dicom(folder):
    """All images of a folder in the order of their positions."""
    images = [
        data
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "PixelData" in (data := pydicom.dcmread(path, force=True))
    ]
    first = images[0]
    turn = np.array(first.ImageOrientationPatient, dtype=float)
    normal = np.cross(turn[:3], turn[3:])
    images.sort(key=lambda one: float(normal @ np.array(one.ImagePositionPatient, dtype=float)))
    places = np.array([one.ImagePositionPatient for one in images], dtype=float)
    slope, offset = float(first.RescaleSlope), float(first.RescaleIntercept)
    array = np.stack([one.pixel_array for one in images]).astype(np.float32) * slope + offset
    matrix = np.eye(4)
    matrix[:3, 0] = (places[-1] - places[0]) / max(1, len(places) - 1)
    if len(places) == 1:
        matrix[:3, 0] = normal * float(first.SliceThickness)
    matrix[:3, 1] = turn[3:] * float(first.PixelSpacing[0])
    matrix[:3, 2] = turn[:3] * float(first.PixelSpacing[1])
    matrix[:3, 3] = places[0]
    return Volume(array, matrix, "HU")
