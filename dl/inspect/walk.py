"""The equations of a traced computation, one by one, through calls, choices and loops."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal


class Place(NamedTuple):
    """Where an equation stands: in which marked layer, if any, and how many times it is computed."""

    layer: int | None = None
    times: int = 1


_OUTSIDE = Place()

Visit = Callable[[JaxprEqn, list[Any], Place], Sequence[Any]]
"""What is known of an equation's inputs -> what is known of its outputs; None stands for nothing.
"""


def walk(jaxpr: Jaxpr, inputs: Sequence[Any], visit: Visit, place: Place = _OUTSIDE) -> list[Any]:
    """What is known of the outputs of `jaxpr`, from what is known of its `inputs` and `visit` of
    every equation.

    Calls are entered. Of a choice by platform the default is taken, which is the native one, of
    another the branch that was traced last (of `lax.cond`, that for true). The body of a loop is
    visited once, knowing nothing of its inputs, and counts as often as it runs (of `while_loop`,
    once); then the loop itself is visited as one equation.

    >>> names = []
    >>> def visit(equation, inputs, place):
    ...     names.append(equation.primitive.name)
    ...     return [None] * len(equation.outvars)
    >>> walk(jax.make_jaxpr(lambda x: jax.nn.relu(x) + 1)(1.0).jaxpr, [None], visit)
    [None]
    >>> names
    ['max', 'add']
    """
    known = dict(zip(jaxpr.invars, inputs, strict=True))

    def look_up(variables: Sequence[Any]) -> list[Any]:
        return [
            None if isinstance(variable, Literal) else known.get(variable) for variable in variables
        ]

    for equation in jaxpr.eqns:
        values, here = (
            look_up(equation.invars),
            Place(_layer_of(equation, place.layer), place.times),
        )
        known.update(zip(equation.outvars, _follow(equation, values, visit, here), strict=True))
    return look_up(jaxpr.outvars)


def shape_of(variable: Any) -> tuple[int, ...]:
    """The shape of a variable of a computation, () where it has none."""
    return tuple(map(int, getattr(variable.aval, "shape", ())))


def _follow(equation: JaxprEqn, values: list[Any], visit: Visit, place: Place) -> Sequence[Any]:
    params, name = equation.params, equation.primitive.name
    if name == "cond":
        platforms, branches = params.get("branches_platforms") or (), params["branches"]
        taken = branches[platforms.index(None) if None in platforms else -1]
        return walk(taken.jaxpr, values[1:], visit, place)
    if name in ("scan", "while"):
        body = params["jaxpr" if name == "scan" else "body_jaxpr"].jaxpr
        walk(
            body,
            [None] * len(body.invars),
            visit,
            Place(place.layer, place.times * params.get("length", 1)),
        )
        return visit(equation, values, place)
    called = _called(equation)
    return walk(called, values, visit, place) if called else visit(equation, values, place)


def _called(equation: JaxprEqn) -> Jaxpr | None:
    """The computation that an equation calls with its own inputs (jit, checkpoint, custom
    gradients), or None.
    """
    inner = [value for value in equation.params.values() if isinstance(value, (Jaxpr, ClosedJaxpr))]
    if len(inner) != 1:
        return None
    jaxpr = inner[0].jaxpr if isinstance(inner[0], ClosedJaxpr) else inner[0]
    return (
        jaxpr if list(map(shape_of, jaxpr.invars)) == list(map(shape_of, equation.invars)) else None
    )


def _layer_of(equation: JaxprEqn, outer: int | None) -> int | None:
    """The innermost marked layer of an equation; one inside of a call has the call's, unless it is
    marked itself.
    """
    marks = re.findall(r"layer (\d+)", str(equation.source_info.name_stack))
    return int(marks[-1]) if marks else outer
