"""Options that say in their annotations which numbers they take."""

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any

import numpy as np
import pytest

import dl
from dl.cli.catalog import Catalog
from dl.ranges import Range, check_fields, ranges_of

CATALOG = Catalog("experiments")


@pytest.mark.parametrize(
    ("allowed", "inside", "outside", "words"),
    [
        (Range(at_least=0, below=1), (0, 0.5), (-0.1, 1), "at least 0 and below 1"),
        (Range(above=0), (1e-9, 7), (0, -1), "above 0"),
        (Range(at_least=-1, at_most=2), (-1, 2), (-2, 3), "at least -1 and at most 2"),
    ],
)
def test_a_range_holds_the_numbers_that_it_names(
    allowed: Range, inside: Any, outside: Any, words: str
) -> None:
    assert str(allowed) == words
    assert all(value in allowed for value in inside)
    assert not any(value in allowed for value in (*outside, float("nan")))


@dataclass(frozen=True)
class Wide:
    side: dl.Count = 3
    share: dl.Share = 0.5


@dataclass(frozen=True)
class Narrow(Wide):
    side: Annotated[int, Range(at_least=4)] = 8
    share: float = 0.1


def test_another_default_keeps_the_range_and_another_range_narrows_it() -> None:
    assert [str(allowed) for name, allowed in ranges_of(Narrow) if name == "side"] == [
        "at least 1",
        "at least 4",
    ]
    check_fields(Wide(side=1))
    for wrong, message in (
        (Narrow(side=0), "side is 0; it must be at least 1"),
        (Narrow(side=3), "side is 3; it must be at least 4"),
        (Narrow(share=1.0), "share is 1.0; it must be at least 0 and below 1"),
        (Wide(share=float("inf")), "share is inf; it must be a finite number"),
    ):
        with pytest.raises(dl.InputError, match=message):
            check_fields(wrong)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 2.5}, "epochs is 2.5; it must be a whole number"),
        ({"epochs": 2.0}, "epochs is 2.0; it must be a whole number"),
        ({"epochs": True}, "epochs is True; it must be a whole number"),
        ({"epochs": "3"}, "epochs is '3'; it must be a whole number"),
        ({"epochs": None}, "epochs is None; it must be a whole number"),
        ({"epochs": [3]}, r"epochs is \[3\]; it must be a whole number"),
        ({"epochs": np.ones(3, int)}, r"epochs is array\(\[1, 1, 1\]\); it must be a whole number"),
        ({"epochs": np.float32(3.0)}, "epochs is 3.0; it must be a whole number"),
        ({"batch_size": 10.0}, "batch_size is 10.0; it must be a whole number"),
        ({"seed": 1.5}, "seed is 1.5; it must be a whole number"),
        ({"log_every": 2.5}, "log_every is 2.5; it must be a whole number"),
        ({"learning_rate": "0.1"}, "learning_rate is '0.1'; it must be a number"),
        ({"learning_rate": True}, "learning_rate is True; it must be a number"),
        ({"learning_rate": np.nan}, "learning_rate is nan; it must be a finite number"),
        ({"validation": None}, "validation is None; it must be a number"),
        ({"random_crops": 1}, "random_crops is 1; it must be True or False"),
        ({"random_crops": "no"}, "random_crops is 'no'; it must be True or False"),
        ({"dataset": ["moons"]}, r"dataset is \['moons'\]; it must be text"),
        ({"colour": 3}, "colour is 3: known: auto, grey, rgb"),
        ({"parallel": ["jit"]}, r"parallel is \['jit'\]: .*jit"),
    ],
)
def test_options_of_another_type_are_refused_in_one_line(options: Any, says: str) -> None:
    with pytest.raises(dl.InputError, match=says) as refused:
        dl.TrainOptions(**options)
    assert "\n" not in str(refused.value)


def test_numbers_of_numpy_become_python_s() -> None:
    options = dl.TrainOptions(epochs=np.int64(3), learning_rate=np.float32(0.5), validation=0)
    assert [type(value) for value in (options.epochs, options.learning_rate)] == [int, float]
    assert options == dl.TrainOptions(epochs=3, learning_rate=0.5, validation=0.0)
    assert json.dumps(asdict(options))


@pytest.mark.parametrize("name", CATALOG.names())
def test_every_number_of_an_experiment_has_a_range_that_is_checked(name: str) -> None:
    options = CATALOG.load(name).options()
    numbers = {
        option.name
        for option in fields(options)
        if type(getattr(options, option.name)) in (int, float) and option.type not in ("bool", bool)
    }
    ranges = dict(ranges_of(type(options)))
    assert numbers - {*ranges} <= {"towers", "depth", "phones"}, "these take only certain numbers"
    for option, allowed in ranges.items():
        bounds = (allowed.at_least, allowed.above)
        lowest = next(bound for bound in bounds if bound is not None)
        with pytest.raises(dl.InputError, match=f"{option} is .*; it must be {allowed}"):
            replace(options, **{option: lowest - 1})
