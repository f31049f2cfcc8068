"""Which examination a study is, and what of it nobody assessed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from medmm.drafting import examinations
from tests.drafting.builders import lungs_result, refused, series, study


def names(*parts: object, results: tuple[object, ...] = ()) -> list[str]:
    return [one.name for one in examinations.fitting(study(*parts), results)]  # type: ignore[arg-type]


def test_a_study_is_what_its_series_say() -> None:
    assert names(series(body_part="CHEST")) == ["chest-ct"]
    assert names(series(body_part="Chest_Abdomen")) == ["abdomen-ct", "chest-ct"]
    assert names(series(modality="MR", body_part="BRAIN")) == ["brain-mr"]
    assert names(series(modality="DX", body_part="CHEST")) == ["chest-film"]
    assert names(series(body_part="KNEE")) == []


def test_a_refused_series_says_nothing() -> None:
    assert names(refused(1), series(modality="MR", body_part="KNEE")) == []


def test_a_silent_header_leaves_it_to_what_was_assessed() -> None:
    assert names(series(body_part=""), results=(lungs_result(),)) == ["chest-ct"]
    assert names(series(body_part="PARTIAL_BODY"), results=(lungs_result(),)) == ["chest-ct"]
    assert names(series(body_part="")) == []


def test_an_expert_does_not_overrule_a_header_that_speaks() -> None:
    assert names(series(body_part="KNEE"), results=(lungs_result(),)) == []


def test_one_lung_assessed_leaves_the_other() -> None:
    fitted = examinations.fitting(study(), ())
    left = examinations.not_assessed(fitted, frozenset({"right lung"}))
    assert left[0] == "left lung"
    assert "lungs" not in left
    assert examinations.not_assessed(fitted, frozenset())[0] == "lungs"


def test_the_neighbours_border_is_said_only_where_the_neighbour_is_not_shown() -> None:
    alone = examinations.fitting(study(), ())
    both = examinations.fitting(study(series(body_part="CHESTABDOMEN")), ())
    assert "upper abdomen" in examinations.not_assessed(alone, frozenset())
    assert not {"upper abdomen", "lung bases"} & set(examinations.not_assessed(both, frozenset()))


ALL = sorted(
    {
        name
        for template in examinations.templates()
        for one in template.structures
        for name in (one.name, *one.parts, *one.also)
    }
)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    template=st.sampled_from(examinations.templates()),
    assessed=st.frozensets(st.sampled_from(ALL), max_size=12),
)
def test_not_assessed_is_exactly_the_template_less_what_was_assessed(
    template: examinations.Template, assessed: frozenset[str]
) -> None:
    left = examinations.not_assessed((template,), assessed)
    assert len(set(left)) == len(left)
    for one in template.structures:
        whole = bool({one.name, *one.also} & assessed) or set(one.parts) <= assessed
        said = [name for name in left if name == one.name or name in one.parts]
        assert bool(said) != whole
        assert not set(said) & assessed


def test_every_template_is_whole() -> None:
    templates = examinations.templates()
    assert [one.name for one in templates] == [
        "abdomen-ct", "brain-mr", "chest-ct", "chest-film", "head-ct",
    ]  # fmt: skip
    for template in templates:
        assert len({one.name for one in template.structures}) == len(template.structures)
