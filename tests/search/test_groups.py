"""Which candidates share a program, and which options can be searched."""

from dataclasses import replace
from typing import Any

import pytest

import dl
from dl.errors import InputError
from dl.search import Candidate
from dl.search.groups import group_candidates, options_of, parse_space, sign_of

OPTIONS = dl.TrainOptions()
MOMENTUM = dl.TrainOptions(optimizer="momentum", momentum=0.8)


def groups_of(
    *values: dict[str, Any], options: Any = OPTIONS, most: int = 16, devices: int = 1
) -> Any:
    return group_candidates(
        options, [Candidate(each) for each in values], most=most, devices=devices
    )


def test_numbers_of_the_program_share_it() -> None:
    (group,) = groups_of({"learning_rate": 0.1}, {"learning_rate": 0.2}, {"learning_rate": 0.3})
    assert group.varied == {"learning_rate": (0.1, 0.2, 0.3)}
    assert group.options.members == 3
    assert group.numbers == (0, 1, 2)


def test_options_of_the_program_have_one_each() -> None:
    first, second, third = groups_of(
        {"batch_size": 16, "learning_rate": 0.1},
        {"batch_size": 32, "learning_rate": 0.1},
        {"batch_size": 16, "learning_rate": 0.2},
        {"batch_size": 64, "learning_rate": 0.2},
    )
    assert (first.numbers, first.varied) == ((0, 2), {"learning_rate": (0.1, 0.2)})
    assert (second.numbers, second.varied, second.options.members) == ((1,), {}, 1)
    assert (third.numbers, third.options.learning_rate) == ((3,), 0.2)


def test_a_zero_leaves_its_feature_out_and_has_a_program_of_its_own() -> None:
    first, second = groups_of(
        *({"weight_decay": decay, "learning_rate": 0.1} for decay in (0.0, 0.1, 0.2))
    )
    assert (first.numbers, first.options.weight_decay) == ((0,), 0.0)
    assert (second.numbers, second.varied) == ((1, 2), {"weight_decay": (0.1, 0.2)})


def test_an_option_without_effect_is_left_out() -> None:
    adam, sgd = groups_of(
        {"optimizer": "adam", "momentum": 0.5},
        {"optimizer": "momentum", "momentum": 0.5},
        {"optimizer": "adam", "momentum": 0.9},
    )
    assert (adam.numbers, adam.varied, adam.options.momentum) == ((0, 2), {}, 0.9)
    assert (sgd.numbers, sgd.options.momentum) == ((1,), 0.5)


def test_an_option_that_loses_its_effect_has_its_default() -> None:
    """A momentum of 0.8 beside sgd would be refused, and so would decoupled without penalty."""
    assert options_of(MOMENTUM, Candidate({"optimizer": "sgd"})).momentum == 0.9
    assert options_of(MOMENTUM, Candidate({"optimizer": "nesterov"})).momentum == 0.8
    decoupled = replace(OPTIONS, weight_decay=0.1, decoupled=True)
    assert not options_of(decoupled, Candidate({"weight_decay": 0.0})).decoupled
    assert options_of(decoupled, Candidate({"weight_decay": 0.2})).decoupled


@pytest.mark.parametrize(
    "changes",
    [
        {"nonfinite": "skip", "most_skipped": 20},
        {"optimizer": "nesterov", "momentum": 0.5, "schedule": "cosine", "final_rate": 0.1},
        {"schedule": "plateau", "drop_every": 2, "drop_factor": 0.3, "warm_up": 5},
        {"l1": 0.1, "decoupled": True, "clip": 1.0, "accumulate": 2},
    ],
)
def test_options_that_have_an_effect_are_those_of_every_trial(changes: dict[str, Any]) -> None:
    options = replace(OPTIONS, **changes)
    assert options_of(options, Candidate({"learning_rate": 0.1})) == options


def test_how_many_steps_may_be_skipped_is_left_out_where_none_is() -> None:
    options = replace(OPTIONS, nonfinite="skip", most_skipped=20)
    assert options_of(options, Candidate({"nonfinite": "fail"})).most_skipped == 10
    assert parse_space(OPTIONS, {"nonfinite": "fail,skip", "most_skipped": "5,20"})


@pytest.mark.parametrize(
    ("metric", "sign"),
    [
        ("accuracy", -1),
        ("top5_accuracy", -1),
        ("score", -1),
        ("agreement", -1),
        ("loss", 1),
        ("value_error", 1),
        ("label_error", 1),
    ],
)
def test_the_better_of_two_figures_has_the_lower_score(metric: str, sign: int) -> None:
    assert sign_of(metric) == sign


@pytest.mark.parametrize(
    ("count", "devices", "asked", "members"),
    [(3, 1, 0, 3), (3, 2, 0, 4), (2, 8, 0, 2), (9, 8, 0, 16), (2, 8, 4, 4), (5, 8, 1, 5)],
)
def test_groups_are_filled_up_to_the_devices(
    count: int, devices: int, asked: int, members: int
) -> None:
    options = replace(OPTIONS, devices=asked)
    values = [{"learning_rate": 0.1 * (n + 1)} for n in range(count)]
    (group,) = groups_of(*values, options=options, devices=devices)
    assert group.options.members == members == len(group.varied["learning_rate"])
    assert group.numbers == tuple(range(count))
    assert set(group.varied["learning_rate"][count:]) <= {group.varied["learning_rate"][count - 1]}


def test_large_groups_are_cut() -> None:
    values = [{"learning_rate": 0.1 * (n + 1)} for n in range(5)]
    assert [each.numbers for each in groups_of(*values, most=2)] == [(0, 1), (2, 3), (4,)]
    assert all(not each.varied for each in groups_of(*values, most=1))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"members": "1,2"}, "members cannot be searched: it is the same for all trials"),
        ({"dataset": "moons,xor"}, "dataset cannot be searched"),
        ({"prefetch": "1,2"}, "prefetch cannot be searched: it is the same for all trials"),
        ({"keep_every": "0,1"}, "keep_every cannot be searched"),
        ({"checkpoint_minutes": "1..2"}, "checkpoint_minutes cannot be searched"),
        ({"validation": "0.1,0.2"}, "validation cannot be searched"),
        ({"lerning_rate": "0..1"}, "there is no option lerning_rate: did you mean learning_rate?"),
        ({"optimizer": "sgd,adamm"}, "optimizer: optimizer is 'adamm': did you mean adam?"),
        ({"epochs": "0..3"}, "epochs: epochs is 0; it must be at least 1"),
        ({"ema": "0..1"}, "ema: ema is 1.0; it must be at least 0 and below 1"),
        ({"batch_size": "16.5..32"}, "batch_size: '16.5' is not a whole number"),
        ({"momentum": "0.1..0.9"}, "momentum has no effect here: it needs the optimizer"),
        (
            {"optimizer": "sgd,adam", "momentum": "0.1..0.9"},
            "momentum has no effect beside any of the options that are searched",
        ),
        ({"accumulate": "1,2", "batch_size": "16,33"}, "accumulate is 2; it must divide"),
    ],
)
def test_options_that_cannot_be_searched(words: dict[str, str], says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_space(OPTIONS, words)
    assert says in str(caught.value)


def test_an_option_beside_many_others_has_an_effect_if_any_optimizer_has_it() -> None:
    """More corners than are tried: those that are must have both optimizers."""
    others = ("learning_rate", "l1", "weight_decay", "clip", "label_smoothing", "ema")
    words = {"optimizer": "sgd,momentum", "momentum": "0.1..0.9", "epochs": "1..3"}
    words |= dict.fromkeys(others, "0.1..0.2") | {"batch_size": "16..32"}
    assert len(parse_space(OPTIONS, words)) == 10


def test_penalties_and_what_needs_them_are_searched_together() -> None:
    assert {*parse_space(OPTIONS, {"weight_decay": "0..0.1", "decoupled": "true,false"})} == {
        "weight_decay",
        "decoupled",
    }
