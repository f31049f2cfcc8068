"""Who looks at what."""

from medmm.drafting.routing import choose, plan
from medmm.errors import InputError
from medmm.nouns import Applicability, Selection, Series
from tests.drafting.builders import APPLIES, ScriptedExpert, film, refused, series, study


def applies(*stacks: Series) -> list[Selection]:
    return [Selection((one,), APPLIES) for one in stacks]


def numbers(chosen: list[tuple[Selection, str]]) -> list[int | None]:
    return [one.series[0].number for one, _ in chosen]


def test_of_stacks_of_one_place_the_thinnest_is_chosen_and_why_is_said() -> None:
    thick = series(1, shape=(30, 40, 40), spacing=(5.0, 5.0, 5.0))
    thin = series(2, shape=(120, 40, 40), spacing=(1.25, 5.0, 5.0))
    ((chosen, why),) = choose(applies(thick, thin))
    assert chosen.series[0].number == 2
    assert "2 stacks" in why
    assert "1.25 mm" in why


def test_thin_slices_do_not_make_up_for_a_part_that_is_cut_off() -> None:
    whole = series(1, shape=(60, 40, 40), spacing=(5.0, 5.0, 5.0))
    cut = series(2, shape=(100, 40, 40), spacing=(1.0, 5.0, 5.0))
    ((chosen, why),) = choose(applies(cut, whole))
    assert chosen.series[0].number == 1
    assert "coverage" in why


def test_stacks_of_different_places_are_both_looked_at() -> None:
    low, high = series(1), series(2, start_z=400.0)
    assert numbers(choose(applies(low, high))) == [1, 2]


def test_pictures_do_not_compete() -> None:
    assert numbers(choose(applies(film(1), film(2)))) == [1, 2]


def test_a_doubtful_stack_counts_only_where_none_plainly_applies() -> None:
    doubtful = Selection((series(1, start_z=900.0),), Applicability("doubtful", "Few slices."))
    assert numbers(choose([doubtful, *applies(series(2))])) == [2]
    assert numbers(choose([doubtful])) == [1]


def test_stacks_without_a_place_compete_by_what_is_known() -> None:
    loose = series(1, affine_lps=None, spacing_mm=(1.0, 5.0, 5.0))
    assert numbers(choose(applies(loose, series(2)))) == [2]


def test_a_refusal_is_recorded_with_the_reason_of_each_series() -> None:
    def offer(_: object) -> list[Selection]:
        return [
            Selection((series(1),), Applicability("refuses", "It is MR, not CT.")),
            Selection((series(2),), Applicability("refuses", "It has 3 slices.")),
            Selection((series(3),), Applicability("refuses", "It is MR, not CT.")),
        ]

    plans, (run,) = plan(study(), {"ct_lungs": ScriptedExpert(offer=offer)})
    assert plans == []
    assert run.status == "refused"
    assert run.reason == "Series 1, 3: It is MR, not CT. Series 2: It has 3 slices."
    assert run.series == ("1.2.3.1", "1.2.3.2", "1.2.3.3")


def test_what_the_reader_refused_is_not_told_again_as_the_experts_refusal() -> None:
    def offer(_: object) -> list[Selection]:
        return [
            Selection((refused(1),), Applicability("refuses", "The reader refused it.")),
            Selection((series(2),), Applicability("refuses", "It is MR, not CT.")),
        ]

    _, (run,) = plan(study(), {"ct_lungs": ScriptedExpert(offer=offer)})
    assert run.reason == "It is MR, not CT."


def test_an_expert_that_offers_nothing_is_recorded_with_what_it_needs() -> None:
    _, (run,) = plan(study(), {"ct_lungs": ScriptedExpert(offer=lambda _: [])})
    assert run.status == "refused"
    assert "a chest CT" in run.reason


def test_an_expert_that_cannot_say_its_inputs_is_recorded_as_failed() -> None:
    def offer(_: object) -> list[Selection]:
        raise InputError("slice 3 cannot be decoded.")

    plans, (run,) = plan(study(), {"ct_lungs": ScriptedExpert(offer=offer)})
    assert plans == []
    assert (run.status, run.reason) == ("failed", "slice 3 cannot be decoded.")
