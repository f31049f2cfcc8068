"""Files that carry one SeriesInstanceUID into the parts they make: nothing falls out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from medmm.dicom import classes, grouping, pictures, splitting, volumes, waveforms
from medmm.dicom.duplicates import without_copies
from medmm.dicom.fields import clean
from medmm.dicom.grouping import Pile
from medmm.dicom.header import Instance
from medmm.dicom.splitting import Slice, Stack, planes_of
from medmm.dicom.stacking import grid_of
from medmm.dicom.units import units_of
from medmm.errors import GeometryError, InputError
from medmm.nouns import Dropped, Facts, Kind, Reason

_KINDS: dict[str, Kind] = {
    "waveform": "waveform",
    "report": "report",
    "document": "document",
    "segmentation": "segmentation",
    "slide": "slide",
    "other": "document",
}


@dataclass(frozen=True, eq=False)
class Part:
    """One piece of a series before it has its name: what it is, of which files, how it loads."""

    kind: Kind
    instances: tuple[Instance, ...]
    reasons: tuple[Reason, ...] = ()
    plan: volumes.Plan | pictures.Plan | waveforms.Plan | None = None
    refusal: InputError | None = None
    dropped: tuple[Dropped, ...] = ()


def parts_of(instances: Sequence[Instance], facts: Facts) -> Iterator[Part]:
    """The parts in a fixed order; each file is in one of them, or dropped with a reason."""
    mixed = grouping.mixed_identity(instances)
    if mixed is not None:
        yield _refused(_kind_of_all(instances), instances, mixed)
        return
    try:
        instances, dropped = without_copies(instances)
    except InputError as error:
        yield _refused(_kind_of_all(instances), instances, reason_of(error))
        return
    slices, others = _sorted_by_role(instances)
    parts = list(_slice_parts(slices, facts))
    scouts = sum("LOCALIZER" in one.image_type for one in others)
    if scouts:
        text = f"{scouts} scout image{'s' if scouts > 1 else ''} of this series stand apart."
        note = Reason("scout_apart", text, "ImageType")
        parts = [replace(part, reasons=(*part.reasons, note)) for part in parts]
    for one in others:
        parts.extend(_other_parts(one, facts))
    if dropped and parts:
        note = Reason("copies_dropped", f"{len(dropped)} exact copies of files were left out.")
        parts[0] = replace(parts[0], dropped=dropped, reasons=(note, *parts[0].reasons))
    yield from parts


def _sorted_by_role(instances: Sequence[Instance]) -> tuple[list[Instance], list[Instance]]:
    """Files whose frames belong into stacks, and files that stand alone."""
    slices: list[Instance] = []
    others: list[Instance] = []
    for one in instances:
        role = classes.role_of(one.sop_class, has_pixels=one.form is not None)
        grey = one.form is not None and one.form.samples == 1
        grey = grey and one.form is not None and one.form.photometric.startswith("MONOCHROME")
        spatial = any(frame.position for frame in one.frames)
        localizer = "LOCALIZER" in one.image_type
        stackable = role == "slices" or (role == "image" and spatial)
        (slices if stackable and grey and not localizer else others).append(one)
    return slices, others


def _slice_parts(instances: Sequence[Instance], facts: Facts) -> Iterator[Part]:
    if not instances:
        return
    broken = [one for one in instances if one.fault is not None]
    if broken and broken[0].fault is not None:
        yield _refused(_kind_of_all(instances), instances, broken[0].fault, _faults(broken))
        return
    slices = [Slice(one, frame) for one in instances for frame in one.frames]
    placeless = next((one for one in slices if _missing(one)), None)
    if placeless is not None:
        yield _without_place(instances, slices, placeless, facts)
        return
    orders = [one.frame.order for one in slices if one.frame.order is not None]
    found = grouping.piles(slices)
    for pile in found:
        yield from _pile_parts(pile, orders, len(found), facts)


def _missing(one: Slice) -> str | None:
    """The geometry that a slice lacks."""
    if one.frame.position is None:
        return "ImagePositionPatient"
    if one.frame.orientation is None:
        return "ImageOrientationPatient"
    return "PixelSpacing" if one.frame.spacing is None else None


def _without_place(
    instances: Sequence[Instance], slices: Sequence[Slice], first: Slice, facts: Facts
) -> Part:
    """A lone image is a picture; slices without positions are no volume, whatever their numbers."""
    if len(slices) == 1:
        return _picture_part(instances[0], facts)
    keyword = _missing(first) or ""
    count = sum(_missing(one) is not None for one in slices)
    reason = Reason(
        "missing_position" if keyword != "PixelSpacing" else "missing_spacing",
        f"{count} of {len(slices)} slices have no {keyword} (first {first.instance.path.name}): "
        "where they lie is not known.",
        keyword,
    )
    return _refused("volume", instances, reason)


def _pile_parts(pile: Pile, orders: Sequence[int], count: int, facts: Facts) -> Iterator[Part]:
    notes = _split_notes(pile.tags, count)
    if len(pile.slices) == 1:
        one = pile.slices[0]
        yield _picture_part(one.instance, facts, one.frame.number, (*notes, _LONE))
        return
    stacks, failure = _stacks(pile)
    if stacks is None:
        yield Part("volume", _instances(pile.slices), notes, refusal=failure)
        return
    for stack in stacks:
        more = () if len(stacks) == 1 else _stack_notes(stack, len(stacks))
        yield _stack_part(stack, orders, (*notes, *more), facts)


_LONE = Reason("single_slice", "There is one slice only, so this is a picture and not a volume.")


def _stacks(pile: Pile) -> tuple[tuple[Stack, ...] | None, InputError | None]:
    """The pile's stacks, or why there are none."""
    form = pile.slices[0].instance.form
    shape = (form.rows, form.columns) if form else (0, 0)
    stacks = splitting.split(pile.slices)
    try:
        if stacks is None:
            grid_of(planes_of(pile.slices), shape)
            return (Stack((pile.slices,)),), None
        if len(stacks) == 1 and len(stacks[0].times) == 1:
            grid_of(planes_of(pile.slices), shape)
    except GeometryError as error:
        apart = splitting.split_overlapping(pile.slices, shape)
        return (apart, None) if apart is not None else (None, error)
    return stacks, None


def _stack_part(
    stack: Stack, orders: Sequence[int], notes: tuple[Reason, ...], facts: Facts
) -> Part:
    slices = stack.slices
    instances = _instances(slices)
    if len(slices) == 1:
        return _picture_part(instances[0], facts, slices[0].frame.number, (*notes, _LONE))
    kind: Kind = "volume" if len(stack.times) == 1 else "4d"
    try:
        plan = volumes.plan(stack, orders, fill_gaps=facts.fill_gaps)
    except InputError as error:
        return Part(kind, instances, notes, refusal=error)
    return Part(kind, _instances(plan.slices), (*notes, *plan.notes), plan)


def _other_parts(one: Instance, facts: Facts) -> Iterator[Part]:
    """A file that stands alone: picture, cine, waveforms, or something that is not read."""
    role = classes.role_of(one.sop_class, has_pixels=one.form is not None)
    if role == "waveform":
        yield from _waveform_parts(one)
    elif role in _KINDS:
        what = classes.name_of(one.sop_class)
        reason = Reason("not_an_image", f"This is {what}, which is not read as an image.")
        if one.sop_class in classes.MODALITIES and role == "other":
            reason = Reason("no_pixels", "The file has no pixels.", "PixelData")
        yield _refused(_KINDS[role], [one], one.fault or reason)
    else:
        yield _picture_part(one, facts)


def _picture_part(
    one: Instance, facts: Facts, frame: int | None = None, notes: tuple[Reason, ...] = ()
) -> Part:
    if one.fault is not None or one.form is None:
        fault = one.fault or Reason("no_pixels", "The file has no pixels.", "PixelData")
        return _refused("picture", [one], fault, _faults([one]))
    frames = tuple(range(len(one.frames))) if frame is None else (frame,)
    kind: Kind = "cine" if len(frames) > 1 else "picture"
    try:
        if kind == "cine":
            _refuse_slices_as_cine(one)
        units = units_of([one], [one.frames[number].rescale for number in frames])
        plan = pictures.Plan(one, one.form, units, pictures.spacing_of(one, facts), frames)
    except InputError as error:
        return Part(kind, (one,), notes, refusal=error)
    return Part(kind, (one,), (*notes, *units.notes, *plan.spacing.notes), plan)


def _refuse_slices_as_cine(one: Instance) -> None:
    """Frames of a tomography are no film."""
    tomographic = one.sop_class in classes.NUCLEAR and (
        "TOMO" in one.image_type or "RECON TOMO" in one.image_type
    )
    if tomographic or one.sop_class in classes.CT | classes.MR | classes.PET:
        raise InputError(
            "Frames are slices whose places are not given frame by frame.",
            code="missing_position",
            tag="PerFrameFunctionalGroupsSequence",
        )


def _waveform_parts(one: Instance) -> Iterator[Part]:
    try:
        plans = waveforms.plans(one)
    except InputError as error:
        yield Part("waveform", (one,), refusal=error)
        return
    for plan in plans:
        yield Part("waveform", (one,), plan.notes, plan)


def _split_notes(tags: Sequence[str], count: int) -> tuple[Reason, ...]:
    if count == 1:
        return ()
    names = ", ".join(tags)
    text = f"The series was split into {count} by {names}."
    return (Reason("split", text, tags[-1] if len(tags) == 1 else None),)


def _stack_notes(stack: Stack, count: int) -> tuple[Reason, ...]:
    names = ", ".join(
        f"{tag_} {clean(value)}" for tag_, value in zip(stack.tags, stack.values, strict=False)
    )
    text = f"The series was split into {count}; this part has {names}."
    return (Reason("split", text, stack.tags[0] if stack.tags else None),)


def _refused(
    kind: Kind,
    instances: Iterable[Instance],
    reason: Reason,
    dropped: tuple[Dropped, ...] = (),
) -> Part:
    error = InputError(reason.text, code=reason.code, tag=reason.tag)
    return Part(kind, tuple(instances), refusal=error, dropped=dropped)


def _faults(instances: Iterable[Instance]) -> tuple[Dropped, ...]:
    return tuple(
        Dropped(str(one.path.absolute()), one.fault.text) for one in instances if one.fault
    )


def _kind_of_all(instances: Sequence[Instance]) -> Kind:
    """What a whole series would have been."""
    first = instances[0]
    role = classes.role_of(first.sop_class, has_pixels=first.form is not None)
    if role in _KINDS:
        return _KINDS[role]
    frames = sum(len(one.frames) or 1 for one in instances)
    return "volume" if role == "slices" and frames > 1 else "picture"


def _instances(slices: Iterable[Slice]) -> tuple[Instance, ...]:
    """Files in the order of their first slice."""
    return tuple({id(one.instance): one.instance for one in slices}.values())


def reason_of(error: InputError) -> Reason:
    """A refusal as the reason of a verdict."""
    return Reason(error.code, str(error), error.tag)
