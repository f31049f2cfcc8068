"""The order in which a chest is painted, from the air and the table to the nodule and the noise."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medmm.demo import abdomen, mediastinum, skeleton, wall
from medmm.demo.build import Build
from medmm.demo.canvas import Rod, Slab
from medmm.demo.grid import Grid
from medmm.demo.lungs import horizontal_fissure, lungs, oblique_fissure
from medmm.demo.nodule import NODULE_HU, Nodule
from medmm.demo.shapes import Field, Points, common
from medmm.demo.texture import grain, quantum_noise
from medmm.demo.thorax import body, cage, under_diaphragm
from medmm.demo.trees import LungTrees

GAS, LUNG, FAT, BLOOD, MUSCLE = -985.0, -862.0, -104.0, 41.0, 52.0
CORTEX, MARROW = 720.0, 210.0
FISSURE_OPACITY = 0.2
SHOULDERS_FROM_Z = -45.0


@dataclass(frozen=True, eq=False)
class Painter:
    """Paints slabs of one phantom."""

    build: Build
    nodule: Nodule
    trees: LungTrees
    seed: int
    noise_hu: float

    @cached_property
    def bones(self) -> tuple[list[Rod], list[Rod]]:
        """Rods of bone and of cartilage, in the patient."""
        bone = skeleton.ribs() + skeleton.collar_bones()
        return [self._placed(rod) for rod in bone], [
            self._placed(rod) for rod in skeleton.cartilages()
        ]

    @cached_property
    def airway(self) -> list[Rod]:
        """Rods of the lumen of trachea and main bronchi, in the patient."""
        return [rod for pipe in mediastinum.AIRWAY for rod in self._pipe(pipe)]

    def paint(self, grid: Grid, slices: range) -> NDArray[np.int16]:
        """HU ``[slice, row, column]`` of some slices of a grid."""
        slab = Slab(grid, slices, self.build.scale)
        fine = grain(slab.points, self.seed, 5.0)
        self._wall(slab, fine)
        self._mediastinum(slab, fine)
        self._abdomen(slab, fine)
        self._bones(slab, fine)
        self._lungs(slab, fine)
        self._airway(slab)
        self._nodule(slab)
        self._noise(slab)
        return np.clip(np.rint(slab.hu), -1024, 3071).astype(np.int16)

    def _wall(self, slab: Slab, fine: Field) -> None:
        points = slab.points
        hull, core = wall.table(_unturned(slab))
        slab.fill(hull, -260.0)
        slab.fill(core, -930.0)
        skin = points.once(body)
        slab.fill(skin, 25.0)
        slab.fill(skin + wall.SKIN_MM, FAT + 7 * fine)
        for layer in wall.muscles(points):
            slab.fill(layer + 0.5 * fine, MUSCLE + 7 * fine)
        slab.fill(wall.intercostals(points), MUSCLE - 22 + 16 * fine)

    def _mediastinum(self, slab: Slab, fine: Field) -> None:
        points = slab.points
        slab.fill(points.once(cage) + 0.5, FAT + 12 + 9 * fine)
        slab.fill(mediastinum.heart(points, self.build), BLOOD + 3 * fine)
        slab.fill(mediastinum.GULLET.field(points), 34.0)
        for pipe in mediastinum.GREAT_VESSELS:
            slab.fill(pipe.field(points), BLOOD + 1.0)

    def _abdomen(self, slab: Slab, fine: Field) -> None:
        points = slab.points
        under = points.once(under_diaphragm, self.build)
        if float(under.min()) > 8:
            return
        slab.fill(common(points.once(cage) + 1.0, under, 3.0), MUSCLE)
        inside = abdomen.cavity(points, self.build)
        slab.fill(inside, FAT + 6 * fine)
        slab.fill(abdomen.liver(points, inside), 58 + 4 * fine)
        slab.fill(abdomen.spleen(points, inside), 49 + 3 * fine)
        kidneys = abdomen.kidneys(points)
        slab.fill(abdomen.renal_fat(points, inside), FAT + 6 * fine)
        slab.fill(kidneys, 33 + 3 * fine)
        bowel = abdomen.colon(points, inside)
        slab.fill(bowel, 30.0)
        slab.fill(bowel + 3.2, -40 + 45 * fine)
        slab.fill(abdomen.colon_gas(points, bowel), GAS)
        bag = abdomen.stomach(points, inside)
        slab.fill(bag, 38.0)
        slab.fill(bag + 3.6, 14 + 5 * fine)
        slab.fill(abdomen.stomach_gas(points, bag), GAS)
        for pipe in (mediastinum.AORTA, mediastinum.LOWER_CAVA):
            slab.fill(pipe.field(points), BLOOD)

    def _bones(self, slab: Slab, fine: Field) -> None:
        points = slab.points
        slab.fill(skeleton.discs(points), 78 + 5 * fine)
        shoulders = [(skeleton.shoulder_blades, 1.4), (skeleton.upper_arms, 2.0)]
        if float(points.z.max()) < SHOULDERS_FROM_Z:
            shoulders = []
        marrow = MARROW + 28 * fine
        for bone, cortex, inner in (
            (skeleton.vertebral_bodies(points), 430.0, 1.1),
            (skeleton.arches(points), CORTEX - 60, 1.6),
            (skeleton.breastbone(points), 520.0, 1.2),
            *((make(points), CORTEX, inner) for make, inner in shoulders),
        ):
            slab.fill(bone, cortex)
            slab.fill(bone + np.float32(inner), marrow)
        slab.fill(skeleton.canal(points), 8.0)
        slab.fill(skeleton.cord(points), 36.0)
        bones, cartilages = self.bones
        slab.fill_rods(cartilages, 108.0)
        slab.fill_rods(bones, CORTEX)
        slab.fill_rods(bones, MARROW, -skeleton.CORTEX_MM)

    def _lungs(self, slab: Slab, fine: Field) -> None:
        points = slab.points
        # Blood sinks: the back of a patient lying down is denser.
        air = LUNG + np.float32(0.42) * points.y + 11 * fine
        for side, lung in zip((-1, 1), lungs(points, self.build), strict=True):
            slab.fill(lung, air)
            oblique = oblique_fissure(points, side)
            slab.film(oblique, lung + 1, FISSURE_OPACITY, BLOOD)
            if side < 0:
                front = np.maximum(lung + 1, -oblique)
                slab.film(horizontal_fissure(points), front, FISSURE_OPACITY, BLOOD)
        slab.fill_rods(self.trees.vessels, BLOOD)
        slab.fill_rods(self.trees.bronchi, 0.0, 0.75)
        slab.fill_rods(self.trees.bronchi, -965.0)

    def _airway(self, slab: Slab) -> None:
        slab.fill_rods(self.airway, 38.0, mediastinum.AIRWAY_WALL_MM)
        slab.fill_rods(self.airway, GAS)
        slab.fill_rods(self._pipe(mediastinum.GULLET_AIR), GAS)

    def _nodule(self, slab: Slab) -> None:
        found = self.nodule.share(slab.grid, slab.slices)
        if found is not None:
            share, window = found
            slab.blend(share, NODULE_HU, window)

    def _noise(self, slab: Slab) -> None:
        _, rows, columns = slab.grid.shape
        middle = np.hypot(
            np.linspace(-1, 1, rows, dtype=np.float32)[:, None],
            np.linspace(-1, 1, columns, dtype=np.float32)[None, :],
        )
        spread = np.float32(self.noise_hu) * (1.12 - 0.5 * np.minimum(middle, 1.2) ** 2)
        for number, place in enumerate(slab.slices):
            draw = np.random.default_rng([self.seed, 4, place])
            slab.hu[number] += spread * quantum_noise(
                (rows, columns), slab.grid.spacing_mm[1:], draw
            )

    def _pipe(self, pipe: mediastinum.Pipe) -> list[Rod]:
        return [
            self._placed(Rod(*ends, radii))
            for ends, radii in zip(pairwise(pipe.path), pairwise(pipe.radii), strict=True)
        ]

    def _placed(self, rod: Rod) -> Rod:
        """A rod of the model in the patient."""
        return rod.scaled(self.build.scale)


def _unturned(slab: Slab) -> Points:
    """The lattice in mm along the scanner's own axes, about the isocentre: tables do not tilt."""
    points = slab.points
    turn = slab.grid.turn[:, [2, 1, 0]].astype(np.float32)
    x, y, z = (
        points.x * turn[0, axis] + points.y * turn[1, axis] + points.z * turn[2, axis]
        for axis in range(3)
    )
    return Points(x, y, z)
