"""The path of each optimizer over a narrow valley, and what the learning rate does (D1-D3)."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from dl import optimizers
from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.tables import Table
from dl.types import Array

CURVATURES = (0.1, 2.0)
"""∂²f/∂x² and ∂²f/∂y² of the surface: 20 times as steep along y as along x. Source: D2."""

START = (-7.0, 2.0)
"""Where the paths begin, unless another place is given."""

OPTIMIZERS: Mapping[str, optax.GradientTransformation] = {
    "sgd": optimizers.sgd(0.95),
    "momentum": optimizers.momentum(0.1),
    "adagrad": optimizers.adagrad(1.5),
    "rmsprop": optimizers.rmsprop(0.2),
    "adadelta": optimizers.adadelta(30.0),
    "adam": optimizers.adam(0.3),
    "adamax": optimizers.adamax(0.5),
}
"""The lecture's optimizers, each at a rate that suits the surface. Source: D1, D2."""


class PathMeasures(NamedTuple):
    """What a path looks like; each is an array [...] for paths [..., S + 1, 2]."""

    turns: Array
    """How often y changes its sign: the path crosses the valley's floor."""
    length: Array
    """Σ_t ‖w_(t+1) − w_t‖."""
    final: Array
    """f at the path's end."""


def surface(points: Array) -> Array:
    """f(x, y) = x²/20 + y², a valley along x: [..., 2] -> [...]. Source: D2.

    >>> round(float(surface(jnp.array([-7.0, 2.0]))), 4)
    6.45
    """
    return (points**2 @ jnp.asarray(CURVATURES, points.dtype)) / 2


def trajectory(
    optimizer: optax.GradientTransformation,
    start: Sequence[float] | Array = START,
    *,
    steps: int = 30,
    function: Callable[[Array], Array] = surface,
) -> Array:
    """The points w_0 ... w_S that `optimizer` visits on `function`: start [2] -> [S + 1, 2].

    w_(t+1) = w_t + update(∇f(w_t)), all steps in one scan. Source: D1, D2.

    Raises:
        InputError: for fewer than one step, and a start that is no point.

    >>> trajectory(optimizers.sgd(0.5), (10.0, 1.0), steps=2).tolist()
    [[10.0, 1.0], [9.5, 0.0], [9.024999618530273, 0.0]]
    """
    check_number("steps", steps, Range(at_least=1), whole=True)
    first = jnp.asarray(start, jnp.float32)
    if first.ndim != 1:
        raise InputError(f"a path starts at one point, [2], not at an array {first.shape}")

    def step(before: tuple[Array, optax.OptState], _: None) -> tuple[tuple, Array]:
        point, opt_state = before
        updates, opt_state = optimizer.update(jax.grad(function)(point), opt_state, point)
        after = jnp.asarray(optax.apply_updates(point, updates))
        return (after, opt_state), after

    _, points = jax.lax.scan(step, (first, optimizer.init(first)), length=steps)
    return jnp.concatenate([first[None], points])


def measure(points: Array) -> PathMeasures:
    """How often the paths turn in y, how long they are, and where they end: [..., S + 1, 2].

    >>> path = measure(jnp.array([[0.0, 3.0], [4.0, 0.5], [4.0, -0.5]]))
    >>> int(path.turns), round(float(path.length), 3), round(float(path.final), 3)
    (1, 5.717, 1.05)
    """
    y = points[..., 1]
    steps = jnp.diff(points, axis=-2)
    return PathMeasures(
        turns=(y[..., 1:] * y[..., :-1] < 0).sum(-1),
        length=jnp.sqrt((steps**2).sum(-1)).sum(-1),
        final=surface(points[..., -1, :]),
    )


def compare_optimizers(
    chosen: Mapping[str, optax.GradientTransformation] = OPTIMIZERS,
    start: Sequence[float] = START,
    *,
    steps: int = 30,
) -> Table:
    """The measures of each optimizer's path from the same start: SGD zig-zags. Source: D1, D2.

    >>> print(compare_optimizers({"sgd": OPTIMIZERS["sgd"], "adam": OPTIMIZERS["adam"]}).text())
    optimizer  turns  length  f at the end
    sgd           30   36.99         0.013
    adam           2    8.30           0.1
    """
    paths = {
        name: measure(trajectory(optimizer, start, steps=steps))
        for name, optimizer in chosen.items()
    }
    rows = [(name, int(p.turns), float(p.length), float(p.final)) for name, p in paths.items()]
    return Table(
        ("optimizer", "turns", "length", "final"),
        rows,
        formats={"length": ".2f", "final": ".2g"},
        headings={"final": "f at the end"},
    )


def sweep_rates(
    rates: Sequence[float] | Array,
    optimizer: optax.GradientTransformation = OPTIMIZERS["sgd"],
    start: Sequence[float] = START,
    *,
    steps: int = 30,
) -> Array:
    """The paths of one optimizer at several learning rates [R], as one program: [R, S + 1, 2].

    Source: D3.

    >>> sweep_rates([0.5, 1.0], steps=1)[:, 1].tolist()
    [[-6.650000095367432, 0.0], [-6.300000190734863, -2.0]]
    """

    def at(rate: Array) -> Array:
        def init(params: optax.Params) -> optax.OptState:
            return optax.tree_utils.tree_set(optimizer.init(params), learning_rate=rate)

        steered = optax.GradientTransformation(init, optimizer.update)
        return trajectory(steered, start, steps=steps)

    return jax.vmap(at)(jnp.asarray(rates, jnp.float32))


def stable_rate(curvature: float) -> float:
    """The rate 2/c from which gradient descent no longer converges along a curvature c.

    On ½ c w² a step is w ← (1 − α c) w. |1 − α c| < 1 exactly for 0 < α < 2/c: below 1/c without a
    change of sign, from 1/c to 2/c in zig-zags, at 2/c for ever to and fro, above it away. The
    steepest direction decides for all: on the surface of D2 it is y, with 2/2 = 1. Source: D3.

    >>> [stable_rate(curvature) for curvature in CURVATURES]
    [20.0, 1.0]
    """
    check_number("curvature", curvature, Range(above=0))
    return 2 / curvature


def compare_rates(
    rates: Sequence[float] = (0.01, 0.1, 0.5, 0.95, 1.0, 1.05), *, steps: int = 30
) -> Table:
    """What SGD does on the surface at each rate: slow, zig-zag, or away. Source: D3.

    `x` and `y` are the factors 1 − α c by which a step multiplies the coordinates.

    >>> print(compare_rates((0.01, 0.95, 1.05)).text())
    rate  factor on x  factor on y  turns  f at the end  behaviour
    0.01        0.999         0.98      0           3.5  converges
    0.95        0.905        -0.90     30        0.0133   zig-zags
    1.05        0.895        -1.10     30      1.22e+03   diverges
    """
    paths = measure(sweep_rates(rates, steps=steps))
    x, y = ([1 - rate * curvature for rate in rates] for curvature in CURVATURES)
    columns = (rates, x, y, paths.turns.tolist(), paths.final.tolist())
    rows = [(*row, _behaviour(row[0])) for row in zip(*columns, strict=True)]
    return Table(
        ("rate", "x", "y", "turns", "final", "behaviour"),
        rows,
        formats={"x": ".3f", "y": ".2f", "final": ".3g"},
        headings={"x": "factor on x", "y": "factor on y", "final": "f at the end"},
    )


def _behaviour(rate: float) -> str:
    limit = min(map(stable_rate, CURVATURES))
    if rate == limit:
        return "to and fro for ever"
    if rate > limit:
        return "diverges"
    return "zig-zags" if rate > limit / 2 else "converges"
