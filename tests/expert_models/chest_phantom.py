"""A chest made by formula, with lung volumes and nodule axes known without any segmentation.

Written for these tests alone: it shares no code with the product's demonstration study, so that
one cannot hide the other's mistakes. All shapes are in patient millimetres (LPS); a voxel's value
is the mean over points inside it (partial volume by supersampling).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from medmm.nouns import Origin, Patient, RunContext, Series, Study, Verdict, Volume

LUNG, SOFT, FAT, BONE, AIR, BLOOD = -850.0, 40.0, -90.0, 500.0, -1000.0, 60.0


@dataclass(frozen=True)
class Ellipsoid:
    """Centre and radii in mm; the columns of ``axes`` are its principal directions."""

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    axes: np.ndarray = field(default_factory=lambda: np.eye(3))

    def inside(self, points):
        local = (points - np.array(self.centre)) @ self.axes / np.array(self.radii)
        return (local**2).sum(axis=-1) <= 1.0

    def reach(self):
        half = np.sqrt(((self.axes * np.array(self.radii)) ** 2).sum(axis=1))
        return np.array(self.centre) - half, np.array(self.centre) + half

    def grown(self, mm):
        radii = np.array(self.radii) + 1.3 * mm
        return replace(self, radii=tuple(radii)) if (radii > 0).all() else None

    def section_axes_mm(self, normal):
        """Diameters of the largest section parallel to a plane: exact, through the centre."""
        normal = np.asarray(normal) / np.linalg.norm(normal)
        first = np.cross(normal, [1.0, 0.3, 0.2])
        first /= np.linalg.norm(first)
        basis = np.stack([first, np.cross(normal, first)], axis=1)
        shape = self.axes @ np.diag(np.array(self.radii) ** -2.0) @ self.axes.T
        low, high = np.linalg.eigvalsh(basis.T @ shape @ basis)
        return 2 / np.sqrt(low), 2 / np.sqrt(high)

    @property
    def volume_ml(self):
        return 4 / 3 * np.pi * float(np.prod(self.radii)) / 1000


@dataclass(frozen=True)
class Tube:
    """A round rod from ``start`` to ``end``."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radius: float

    def inside(self, points):
        start, along = np.array(self.start), np.array(self.end) - np.array(self.start)
        place = np.clip((points - start) @ along / (along @ along), 0, 1)
        return ((points - start - place[..., None] * along) ** 2).sum(axis=-1) <= self.radius**2

    def reach(self):
        ends = np.array([self.start, self.end])
        return ends.min(axis=0) - self.radius, ends.max(axis=0) + self.radius

    def grown(self, mm):
        return replace(self, radius=self.radius + mm) if self.radius + mm > 0 else None


@dataclass(frozen=True)
class Column:
    """An upright elliptic column without ends."""

    centre: tuple[float, float]
    radii: tuple[float, float]

    def inside(self, points):
        flat = (points[..., :2] - np.array(self.centre)) / np.array(self.radii)
        return (flat**2).sum(axis=-1) <= 1.0

    def reach(self):
        centre, radii = np.array(self.centre), np.array(self.radii)
        return np.append(centre - radii, -1e4), np.append(centre + radii, 1e4)

    def grown(self, mm):
        return replace(self, radii=tuple(np.array(self.radii) + 1.3 * mm))


@dataclass(frozen=True)
class Scene:
    """Shapes with their HU in painting order, and what is true of them."""

    painted: tuple
    right: Ellipsoid
    left: Ellipsoid
    not_lung: tuple
    nodules: tuple[Ellipsoid, ...]

    def lung_ml(self, lung, step_mm=1.0):
        """Volume inside one lung's surface without heart and airway, by counting on a 1 mm grid."""
        low, high = lung.reach()
        sides = [np.arange(a + step_mm / 2, b, step_mm) for a, b in zip(low, high, strict=True)]
        total = 0
        for z in sides[2]:
            x, y = np.meshgrid(sides[0], sides[1], indexing="ij")
            points = np.stack([x, y, np.full_like(x, z)], axis=-1)
            inside = lung.inside(points)
            for shape in self.not_lung:
                inside &= ~shape.inside(points)
            total += np.count_nonzero(inside)
        return total * step_mm**3 / 1000


def scene(seed, nodules=(), lung_hu=LUNG, touching=False, vessels=26):
    """A chest about 340 mm wide; lungs, vessels and the heart vary with ``seed``."""
    random = np.random.default_rng(seed)
    wide, deep, tall = random.uniform([54, 78, 96], [64, 92, 118])
    middle = 61.0 if touching else wide + random.uniform(12, 18)
    right = Ellipsoid((-middle, 0.0, 0.0), (wide, deep, tall))
    left = Ellipsoid((middle + 2, 2.0, 3.0), (wide - 3, deep - 3, tall - 4))
    if touching:
        right = Ellipsoid((-58.0, 0.0, 0.0), (60.0, deep, tall))
        left = Ellipsoid((60.0, 2.0, 3.0), (60.0, deep - 3, tall - 4))
    heart = Ellipsoid((22.0, -25.0, -45.0), (55.0, 45.0, 48.0))
    spine = Column((0.0, 78.0), (20.0, 20.0))
    carina = (0.0, 15.0, 25.0)
    lumens = [
        Tube((0.0, 12.0, 200.0), carina, 8.5),
        Tube(carina, (-48.0, 18.0, 0.0), 6.0),
        Tube(carina, (50.0, 18.0, 2.0), 5.5),
    ]
    walls = [Tube(one.start, one.end, one.radius + 1.8) for one in lumens]
    inner = [Tube((-48.0, 18.0, 0.0), (-75.0, 25.0, -35.0), 2.5)]
    painted = [
        (Column((0.0, 0.0), (165.0, 125.0)), FAT),
        (Column((0.0, 0.0), (152.0, 112.0)), SOFT),
        (right, lung_hu),
        (left, lung_hu),
        *((one, BLOOD) for one in _tree(random, right, vessels)),
        *((one, BLOOD) for one in _tree(random, left, vessels)),
        (heart, SOFT),
        (spine, BONE),
        *_ribs(),
        *((one, SOFT) for one in walls),
        *((one, AIR) for one in [*lumens, *inner]),
        *((one, 30.0) for one in nodules),
    ]
    not_lung = (heart, spine, *walls)
    return Scene(tuple(painted), right, left, not_lung, tuple(nodules))


def _ribs():
    for side in (-1, 1):
        for height in range(-110, 131, 24):
            yield Tube((side * 140.0, -40.0, height), (side * 140.0, 40.0, height + 8.0), 5.0), BONE


def _tree(random, lung, count):
    """Vessels from the hilum outwards, thinner further out."""
    centre = np.array(lung.centre)
    hilum = centre * np.array([0.75, 1.0, 1.0]) + np.array([0.0, 15.0, 0.0])
    for _ in range(count):
        direction = random.normal(size=3)
        end = centre + direction / np.linalg.norm(direction) * np.array(lung.radii) * 0.85
        middle = hilum + (end - hilum) * 0.4 + random.normal(scale=5.0, size=3)
        yield Tube(tuple(hilum), tuple(middle), float(random.uniform(1.6, 2.8)))
        yield Tube(tuple(middle), tuple(end), float(random.uniform(0.7, 1.4)))


def affine(spacing, shape, tilt_deg=0.0, rotation_deg=0.0):
    """An axial grid centred on the chest: slices sheared by ``tilt_deg``, turned about x and z."""
    turn_x, turn_z = np.deg2rad(rotation_deg), np.deg2rad(rotation_deg / 2)
    about_x = np.array(
        [
            [1, 0, 0],
            [0, np.cos(turn_x), -np.sin(turn_x)],
            [0, np.sin(turn_x), np.cos(turn_x)],
        ]
    )
    about_z = np.array(
        [
            [np.cos(turn_z), -np.sin(turn_z), 0],
            [np.sin(turn_z), np.cos(turn_z), 0],
            [0, 0, 1],
        ]
    )
    steps = np.zeros((3, 3))
    steps[:, 0] = [0, np.tan(np.deg2rad(tilt_deg)) * spacing[0], spacing[0]]
    steps[:, 1] = [0, spacing[1], 0]
    steps[:, 2] = [spacing[2], 0, 0]
    result = np.eye(4)
    result[:3, :3] = about_z @ about_x @ steps
    result[:3, 3] = -result[:3, :3] @ ((np.array(shape) - 1) / 2)
    return result


def rendered(what, spacing, shape, matrix=None, noise=0.0, seed=0, blur_mm=0.0, fine=3):
    """The scene as a volume; the painted share of every voxel comes from ``fine``^3 points."""
    matrix = affine(spacing, shape) if matrix is None else matrix
    array = np.full(shape, AIR, dtype=np.float32)
    for part, hu in what.painted:
        _paint(array, matrix, part, hu, fine)
    if blur_mm:
        gaps = np.linalg.norm(matrix[:3, :3], axis=0)
        array = ndimage.gaussian_filter(array, [0.0, blur_mm / gaps[1], blur_mm / gaps[2]])
    if noise:
        array += np.random.default_rng(seed + 7).normal(scale=noise, size=shape).astype(np.float32)
    return Volume(np.round(array).astype(np.int16), matrix, "HU")


def _paint(array, matrix, part, hu, fine):
    low, high = part.reach()
    grid = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1])
                     for z in (low[2], high[2])])  # fmt: skip
    index = np.linalg.solve(matrix[:3, :3], (grid - matrix[:3, 3]).T).T
    first = np.clip(np.floor(index.min(axis=0)).astype(int), 0, array.shape)
    last = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, 0, array.shape)
    if (last <= first).any():
        return
    offsets = (np.arange(fine) + 0.5) / fine - 0.5
    rim = 0.7 * np.linalg.norm(np.linalg.norm(matrix[:3, :3], axis=0))
    outer, inner = part.grown(rim), part.grown(-rim)
    for slab in range(first[0], last[0]):
        box = (slab, slice(first[1], last[1]), slice(first[2], last[2]))
        rows, columns = np.mgrid[box[1], box[2]]
        centres = _points(matrix, slab, rows, columns)
        mixed = outer.inside(centres)
        share = np.zeros(rows.shape, dtype=np.float32)
        if inner is not None:
            share[inner.inside(centres)] = 1
            mixed &= share == 0
        counts = np.zeros(np.count_nonzero(mixed), dtype=np.float32)
        for k in offsets:
            for i in offsets:
                for j in offsets:
                    counts += part.inside(
                        _points(matrix, slab + k, rows[mixed] + i, columns[mixed] + j)
                    )
        share[mixed] = counts / fine**3
        array[box] += share * (hu - array[box])


def _points(matrix, slab, rows, columns):
    return (
        matrix[:3, 3]
        + slab * matrix[:3, 0]
        + rows[..., None] * matrix[:3, 1]
        + columns[..., None] * matrix[:3, 2]
    )


def series(volume, modality="CT", body_part="CHEST", header=None, **other):
    """A series noun around a volume."""
    study = Origin("1.2.3", Patient(id="P"))
    return Series(
        uid=other.pop("uid", "1.2.3.4"), key=other.pop("key", "1"), modality=modality,
        body_part=body_part, kind=other.pop("kind", "volume"), verdict=Verdict("usable"),
        origin=study, load=lambda: volume, shape=volume.array.shape,
        spacing_mm=volume.spacing_mm, units=volume.units,
        affine_lps=tuple(tuple(float(x) for x in row) for row in volume.affine_lps),
        header=header or {}, **other,
    )  # fmt: skip


def study(*many):
    """A study of these series."""
    return Study("1.2.3", Patient(id="P"), tuple(many))


def run(expert, volume, folder: Path, **other):
    """What an expert says of one volume that it accepts."""
    (selection,) = expert.inputs(study(series(volume, **other)))
    assert selection.applicability.status != "refuses", selection.applicability.reason
    return expert.run(selection, RunContext(scratch=folder))
