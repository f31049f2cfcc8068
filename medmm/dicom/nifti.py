"""NIfTI files into series, with the facts that they lack given by the user."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from medmm.dicom.given import derived_uid, given_facts, refused_series
from medmm.dicom.hostile.budget import DEFAULT, MIB, Budget
from medmm.dicom.nifti_header import first_bytes, header_of, version
from medmm.dicom.nifti_voxels import volume_of
from medmm.dicom.nifti_writing import closest_ras, nifti_bytes
from medmm.errors import InputError
from medmm.nouns import Facts, Origin, Series, Verdict
from medmm.nouns.geometry import spacing_mm

__all__ = ["NiftiReader", "closest_ras", "nifti_bytes"]


class NiftiReader:
    """The `medmm.seams.ImageReader` of .nii and .nii.gz files.

    Voxels keep their order: ``array[k, j, i]`` is NIfTI's voxel (i, j, k), and the affine follows.
    """

    def __init__(self, budget: Budget = DEFAULT) -> None:
        self._budget = budget

    def sniff(self, path: Path) -> float:
        """Sure by the magic number, which stands at a fixed place of the first 544 bytes."""
        if not path.is_file():
            return 0.0
        try:
            head = first_bytes(path, 544)
        except (OSError, InputError):
            return 0.0
        return 1.0 if version(head) else 0.0

    def read(self, path: Path, facts: Facts) -> Iterator[Series]:
        """One series; refused if its geometry or values cannot be trusted.

        Raises:
            InputError: it is no NIfTI file, or modality or body part are not given.
        """
        if not self.sniff(path):
            raise InputError(f"{path} is not a NIfTI file.", code="not-nifti")
        modality, body_part = given_facts(path, facts)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for chunk in iter(partial(file.read, MIB), b""):
                digest.update(chunk)
        uid = derived_uid(digest.digest(), "series")
        origin = Origin(derived_uid(digest.digest(), "study"))
        try:
            header = header_of(path, facts)
            volume = volume_of(path, header, modality, self._budget)
        except InputError as error:
            yield refused_series(path, uid, origin, modality, body_part, "volume", error)
            return
        yield Series(
            uid=uid,
            key=uid,
            modality=modality,
            body_part=body_part,
            kind="volume" if len(header.volume_shape) == 3 else "4d",
            verdict=Verdict("usable", header.reasons, max_deviation_mm=header.deviation_mm),
            origin=origin,
            load=partial(volume_of, path, header, modality, self._budget),
            shape=header.volume_shape,
            spacing_mm=spacing_mm(header.affine_lps),
            affine_lps=tuple(tuple(float(v) for v in row) for row in header.affine_lps),
            units=volume.units,
            files=(str(path.absolute()),),
        )
