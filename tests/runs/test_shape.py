"""Values of JSON compared with annotations: each odd one is refused with its place."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from dl.ranges import Count, Share
from dl.runs.shape import Misfit, as_kind


@dataclass(frozen=True)
class Inner:
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Outer:
    epochs: Count
    rate: float = 0.1
    dropout: Share = 0.0
    crops: bool = False
    unit: Literal["char", "word"] = "char"
    inner: Inner | None = None
    figures: dict[str, float] | None = None


def test_what_fits_becomes_the_dataclass() -> None:
    stored = {"epochs": 3, "rate": 1, "unit": "word", "inner": {"sizes": [1, 2]}}
    assert as_kind(Outer, stored, "") == Outer(3, 1, unit="word", inner=Inner((1, 2)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epochs": 1.5}, "epochs is 1.5; it must be a whole number"),
        ({"epochs": 2.0}, "epochs is 2.0; it must be a whole number"),
        ({"epochs": True}, "epochs is True; it must be a whole number"),
        ({"epochs": "3"}, "epochs is '3'; it must be a whole number"),
        ({"epochs": None}, "epochs is None; it must be a whole number"),
        ({"epochs": [3]}, "epochs is [3]; it must be a whole number"),
        ({"epochs": 0}, "epochs is 0; it must be at least 1"),
        ({"epochs": 10**30}, "epochs is about 10^30; it must be of a size that can be used"),
        ({"rate": True}, "rate is True; it must be a number"),
        ({"rate": float("nan")}, "rate is nan; it must be a finite number"),
        ({"rate": float("inf")}, "rate is inf; it must be a finite number"),
        ({"rate": 10**400}, "rate is about 10^400; it must be a finite number"),
        ({"dropout": 1}, "dropout is 1; it must be at least 0 and below 1"),
        ({"crops": 1}, "crops is 1; it must be true or false"),
        ({"crops": "no"}, "crops is 'no'; it must be true or false"),
        ({"unit": "chars"}, "unit is 'chars': did you mean char?"),
        ({"unit": ["char"]}, "unit is ['char']: did you mean char?"),
        ({"inner": []}, "inner is []; it must be an object { }"),
        ({"inner": {}}, "inner.sizes is missing"),
        ({"inner": {"sizes": 3}}, "inner.sizes is 3; it must be a list"),
        ({"inner": {"sizes": {}}}, "inner.sizes is {}; it must be a list"),
        ({"inner": {"sizes": [1, "2"]}}, "inner.sizes[1] is '2'; it must be a whole number"),
        ({"figures": {"loss": "low"}}, "figures.loss is 'low'; it must be a number"),
        ({"epoch": 3}, "epoch is not known: did you mean epochs?"),
        ({"rate": "x" * 99}, "it must be a number"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Misfit) as told:
        as_kind(Outer, {"epochs": 3, **changes}, "")
    assert says in str(told.value)
    assert len(str(told.value)) < 120


@pytest.mark.parametrize("stored", [None, [], 3, "text", True])
def test_what_is_no_object_is_refused(stored: Any) -> None:
    with pytest.raises(Misfit, match="it must be an object"):
        as_kind(Outer, stored, "")


def test_a_large_number_becomes_a_float() -> None:
    rate = as_kind(Outer, {"epochs": 1, "rate": 10**30}, "").rate
    assert rate == 1e30
    assert isinstance(rate, float)
