"""Walking a traced computation: which branches are entered, and how often a loop's body counts."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from dl.jaxprs import equations, walk

ONE = jnp.ones(())


def choose_by_platform(x: Any) -> Any:
    return lax.platform_dependent(
        x, cpu=jnp.sin, cuda=jnp.cos, default=lambda x: lax.fori_loop(0, 3, lambda _, x: x + 1, x)
    )


def with_own_gradient(x: Any) -> Any:
    function = jax.custom_vjp(choose_by_platform)
    function.defvjp(lambda x: (choose_by_platform(x), None), lambda _, dx: (dx,))
    return jax.jit(function)(x)


def names(function: Callable[..., Any], platform: str) -> set[str]:
    traced = jax.make_jaxpr(function)(ONE)
    return {equation.primitive.name for equation in equations(traced.jaxpr, platform=platform)}


@pytest.mark.parametrize("function", [choose_by_platform, with_own_gradient])
@pytest.mark.parametrize(("platform", "taken"), [("cpu", "sin"), ("cuda", "cos"), ("tpu", "scan")])
def test_of_a_choice_by_platform_one_branch_is_entered(
    function: Callable[..., Any], platform: str, taken: str
) -> None:
    assert names(function, platform) & {"sin", "cos", "scan"} == {taken}


def test_of_any_other_choice_all_branches_are_entered_and_loops_and_calls_too() -> None:
    def step(x: Any) -> Any:
        return lax.cond(x > 0, jnp.sin, jax.checkpoint(jnp.cos), x)

    looped = names(lambda x: lax.while_loop(lambda x: x < 9, step, x), "cpu")
    assert {"while", "cond", "sin", "cos", "lt", "gt"} <= looped


def test_a_loop_s_body_is_walked_once_and_counts_as_often_as_it_runs() -> None:
    counts: Counter[str] = Counter()

    def visit(equation: Any, inputs: Any, place: Any) -> list[None]:
        counts[equation.primitive.name] += place.times
        return [None] * len(equation.outvars)

    def twice_five(x: Any) -> Any:
        def five(x: Any, _: Any) -> Any:
            return lax.scan(lambda x, _: (jnp.sin(x), None), x, length=5)[0], None

        return lax.scan(five, x, length=2)[0]

    walk(jax.make_jaxpr(twice_five)(ONE).jaxpr, [None], visit)
    assert (counts["sin"], counts["scan"]) == (10, 2 + 1)
