"""One segmentation of a volume for all chest experts: computed once, forgotten with the volume."""

from threading import RLock
from weakref import WeakKeyDictionary

from expert_models.chest_ct import lungs
from expert_models.chest_ct.lungs import Look, Lungs
from medmm.nouns import Volume

_looks: WeakKeyDictionary[Volume, Look] = WeakKeyDictionary()
_lungs: WeakKeyDictionary[Volume, Lungs] = WeakKeyDictionary()
_lock = RLock()


def look_at(volume: Volume) -> Look:
    """The first look at a volume's pixels."""
    with _lock:
        if volume not in _looks:
            _looks[volume] = lungs.look_at(volume)
        return _looks[volume]


def segmented(volume: Volume) -> Lungs:
    """Both lungs of a volume in which the look found lung."""
    with _lock:
        if volume not in _lungs:
            _lungs[volume] = lungs.segmented(volume, look_at(volume))
        return _lungs[volume]
