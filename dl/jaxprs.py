"""The equations of a traced computation, one by one, through calls, choices and loops."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, jaxprs_in_params


class Place(NamedTuple):
    """The marked layer that an equation belongs to, if any, and how many times it is computed."""

    layer: int | None = None
    times: int = 1


_OUTSIDE = Place()

Visit = Callable[[JaxprEqn, list[Any], Place], Sequence[Any]]
"""From what is known about an equation's inputs to what is known about its outputs; None stands for
nothing.
"""


def walk(jaxpr: Jaxpr, inputs: Sequence[Any], visit: Visit, place: Place = _OUTSIDE) -> list[Any]:
    """What is known about the outputs of `jaxpr`, by `visit` of every equation in order.

    `inputs` is what is known about its inputs. Calls are entered. Of a choice by platform the
    default branch is taken, which is the native one; of any other choice the last branch (of
    `lax.cond`, the one for true). The body of a loop is visited once, with nothing known about its
    inputs, and counts as often as it runs (of `while_loop`, once); then the loop itself is visited
    as one equation.

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
        values = look_up(equation.invars)
        here = Place(_layer_of(equation, place.layer), place.times)
        known.update(zip(equation.outvars, _follow(equation, values, visit, here), strict=True))
    return look_up(jaxpr.outvars)


def equations(jaxpr: Jaxpr, *, platform: str) -> Iterator[JaxprEqn]:
    """Every equation that is compiled for `platform`, such as "cpu", each followed by those inside.

    Calls, loops and the branches of a choice are entered; of a choice by platform, only the branch
    of `platform`.

    >>> def shift(x):
    ...     return jax.lax.platform_dependent(x, cpu=lambda x: x + 1, default=lambda x: x - 1)
    >>> traced = jax.make_jaxpr(shift)(1.0).jaxpr
    >>> [equation.primitive.name for equation in equations(traced, platform="cpu")]
    ['platform_index', 'cond', 'add']
    """
    for equation in jaxpr.eqns:
        yield equation
        if platforms := equation.params.get("branches_platforms"):
            inner = [equation.params["branches"][_branch_for(platform, platforms)].jaxpr]
        else:
            inner = jaxprs_in_params(equation.params)
        for called in inner:
            yield from equations(called, platform=platform)


def shape_of(variable: Any) -> tuple[int, ...]:
    """The shape of a variable of a computation; () for one that has none."""
    return tuple(map(int, getattr(variable.aval, "shape", ())))


def _branch_for(platform: str, platforms: Sequence[Sequence[str] | None]) -> int:
    """The number of the branch that names `platform`, otherwise that of the default (None)."""
    named = [number for number, names in enumerate(platforms) if names and platform in names]
    return named[0] if named else list(platforms).index(None)


def _follow(equation: JaxprEqn, values: list[Any], visit: Visit, place: Place) -> Sequence[Any]:
    """What is known about the outputs of an equation that may be a choice, a loop or a call."""
    params, name = equation.params, equation.primitive.name
    if name == "cond":
        platforms, branches = params.get("branches_platforms") or (), params["branches"]
        taken = branches[platforms.index(None) if None in platforms else -1]
        return walk(taken.jaxpr, values[1:], visit, place)
    if name in ("scan", "while"):
        body = params["jaxpr" if name == "scan" else "body_jaxpr"].jaxpr
        inside = Place(place.layer, place.times * params.get("length", 1))
        walk(body, [None] * len(body.invars), visit, inside)
        return visit(equation, values, place)
    called = _called(equation)
    return walk(called, values, visit, place) if called else visit(equation, values, place)


def _called(equation: JaxprEqn) -> Jaxpr | None:
    """What an equation calls with its own inputs (jit, checkpoint, custom gradients), or None."""
    inner = [value for value in equation.params.values() if isinstance(value, (Jaxpr, ClosedJaxpr))]
    if len(inner) != 1:
        return None
    jaxpr = inner[0].jaxpr if isinstance(inner[0], ClosedJaxpr) else inner[0]
    same = list(map(shape_of, jaxpr.invars)) == list(map(shape_of, equation.invars))
    return jaxpr if same else None


def _layer_of(equation: JaxprEqn, outer: int | None) -> int | None:
    """The innermost marked layer of an equation; inside a call without marks it is the call's."""
    marks = re.findall(r"layer (\d+)", str(equation.source_info.name_stack))
    return int(marks[-1]) if marks else outer
