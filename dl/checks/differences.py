"""Central differences of a loss along directions, beside its gradient."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Leaves: TypeAlias = list[np.ndarray]
Function: TypeAlias = Callable[[Leaves], tuple[Any, Any]]
"""Leaves of parameters -> loss, leaves of its gradient."""

_GROUPS = 8
_COORDINATES = 4
_MOST_AMPLIFIED = 100.0


class Precision(NamedTuple):
    """The type of the numbers, how far apart two slopes may be, and the steps h to try."""

    name: str
    tolerance: float
    steps: tuple[float, ...]


FLOAT64 = Precision("float64", 1e-4, (1e-5, 1e-6, 1e-7))
FLOAT32 = Precision("float32", 2e-2, (1e-2, 3e-3, 3e-2))


def worst_error(
    function: Function, leaves: Leaves, gradient: Leaves, precision: Precision
) -> float:
    """The largest error over directions that together reach every leaf, and single coordinates.

    All leaves of a group move at once, each so far that it changes the loss about as much as the
    others do.

    >>> def square(leaves):
    ...     return sum(float(np.sum(leaf**2)) for leaf in leaves), [2 * leaf for leaf in leaves]
    >>> leaves = [np.array([1.0, 2.0]), np.array([3.0])]
    >>> worst_error(square, leaves, square(leaves)[1], FLOAT64) < 1e-8
    True
    >>> worst_error(square, leaves, [2.02 * leaf for leaf in leaves], FLOAT64) > 0.009
    True
    """
    generator = np.random.default_rng(1)
    order = np.arange(len(leaves))
    groups = [
        order[start :: min(_GROUPS, len(leaves))] for start in range(min(_GROUPS, len(leaves)))
    ]
    directions = [_direction(leaves, gradient, group, generator) for group in groups]
    directions += [
        _coordinate(leaves, gradient, leaf)
        for leaf in order[:: max(1, len(leaves) // _COORDINATES)][:_COORDINATES]
    ]
    return max(_error(function, leaves, gradient, each, precision) for each in directions)


def errors_by_leaf(
    function: Function, leaves: Leaves, gradient: Leaves, precision: Precision
) -> list[tuple[int, float]]:
    """The leaves whose gradient is wrong, the worst first, by their numbers."""
    generator = np.random.default_rng(2)
    errors = [
        (
            leaf,
            _error(
                function,
                leaves,
                gradient,
                _direction(leaves, gradient, np.array([leaf]), generator),
                precision,
            ),
        )
        for leaf in range(len(leaves))
    ]
    wrong = [each for each in errors if not each[1] <= precision.tolerance]
    return sorted(wrong, key=lambda each: -each[1])


def _direction(
    leaves: Leaves, gradient: Leaves, group: Sequence[int] | np.ndarray, generator: Any
) -> Leaves:
    """Along the gradient and partly beside it, in the leaves of `group` alone."""
    norms = [float(np.linalg.norm(gradient[leaf])) for leaf in group]
    largest = max(norms)
    direction = [np.zeros_like(leaf) for leaf in leaves]
    for leaf, norm in zip(group, norms, strict=True):
        beside = generator.standard_normal(leaves[leaf].shape)
        beside *= 0.5 / max(float(np.linalg.norm(beside)), 1e-30)
        along = gradient[leaf] / norm if norm else 0.0
        amplified = min(largest / norm, _MOST_AMPLIFIED) if norm else 1.0
        direction[leaf] = (amplified * (along + beside)).astype(leaves[leaf].dtype)
    return direction


def _coordinate(leaves: Leaves, gradient: Leaves, number: int) -> Leaves:
    """The parameter of a leaf with the largest slope."""
    direction = [np.zeros_like(leaf) for leaf in leaves]
    if leaves[number].size:
        direction[number].flat[int(np.abs(gradient[number]).argmax())] = 1.0
    return direction


def _error(
    function: Function, leaves: Leaves, gradient: Leaves, direction: Leaves, precision: Precision
) -> float:
    """The smallest error over the steps; a kink of the loss may lie within some of them."""
    parts = [
        float(np.sum(g * v, dtype=np.float64)) for g, v in zip(gradient, direction, strict=True)
    ]
    slope, size = sum(parts), sum(map(abs, parts))
    smallest = np.inf
    for step in precision.steps:
        above, below = (
            float(
                function(
                    [
                        w + (sign * step * v).astype(w.dtype)
                        for w, v in zip(leaves, direction, strict=True)
                    ]
                )[0]
            )
            for sign in (1.0, -1.0)
        )
        difference = (above - below) / (2 * step)
        # Of a slope that is nearly 0 the digits of the loss say little.
        floor = precision.tolerance**1.5 * (abs(above) + 1e-30)
        smallest = min(smallest, abs(difference - slope) / max(size, floor))
        if smallest <= 0.1 * precision.tolerance:
            break
    return float(smallest)
