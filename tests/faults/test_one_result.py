"""One result on any number of devices, in short; `python tests/faults/one_result.py` has all."""

from dataclasses import replace
from functools import cache
from typing import Any

import jax
import pytest
from device_cases import CASES, distance, gradient, make_case, spread, trained

EXACT = 1e-10

MLP, OTHERS = CASES[0], CASES[1:]


@cache
def exact(name: str) -> Any:
    return gradient(make_case(name), "jit", 1)


@cache
def alone(name: str) -> Any:
    return trained(make_case(name), "jit", 1)


@cache
def tolerated(name: str) -> float:
    """What the order of summation alone does, of which a few tries show not quite the most."""
    return 2 * spread(make_case(name)).max()


@pytest.mark.parametrize(("mode", "count"), [("pmap", 4), ("fsdp", 8)])
def test_several_devices_find_the_gradient_of_one(mode: str, count: int) -> None:
    assert distance(gradient(make_case(MLP), mode, count), exact(MLP)) < EXACT


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["pmap", "fsdp"])
def test_fifty_steps_end_where_those_of_one_device_end(mode: str) -> None:
    assert distance(trained(make_case(MLP), mode, 4), alone(MLP)) < tolerated(MLP)


def test_the_masks_matter_to_the_gradient() -> None:
    """So that equal gradients mean equal masks."""
    case = make_case(MLP)
    without = case.recipe._replace(objective=_without_dropout(case.recipe))
    assert distance(gradient(replace(case, recipe=without), "jit", 1), exact(MLP)) > 0.1


def _without_dropout(recipe: Any) -> Any:
    def objective(*args: Any, train: bool = False, **options: Any) -> Any:
        return recipe.objective(*args, train=False, **options)

    return objective


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("mode", ["jit", "pmap", "fsdp"])
def test_other_nets_find_the_same_gradient_and_end_alike(name: str, mode: str) -> None:
    case = make_case(name)
    assert distance(gradient(case, mode, 2), exact(name)) < EXACT
    assert distance(trained(case, mode, 2), alone(name)) < tolerated(name)
    jax.clear_caches()
