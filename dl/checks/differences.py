"""Central differences of a loss along directions, beside its gradient."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Leaves: TypeAlias = list[np.ndarray]

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


@dataclass(frozen=True)
class Differences:
    """A function from `leaves` of parameters to a loss, and the `gradient` that it is said to have.

    An error is |(L(w + h v) − L(w − h v)) / 2h − ∇L · v| over Σ_leaf |∇L · v|. Of several h the
    smallest error counts, since a kink of the loss may lie within some of them.

    >>> leaves = [np.array([1.0, 2.0]), np.array([3.0])]
    >>> square = lambda leaves: sum(float(np.sum(leaf**2)) for leaf in leaves)
    >>> right, wrong = ([factor * leaf for leaf in leaves] for factor in (2.0, 2.02))
    >>> Differences(square, leaves, right, FLOAT64).worst() < 1e-8
    True
    >>> Differences(square, leaves, wrong, FLOAT64).worst() > 0.009
    True
    """

    loss: Callable[[Leaves], Any]
    leaves: Leaves
    gradient: Leaves
    precision: Precision

    def worst(self) -> float:
        """The largest error over directions that together reach every leaf, and some coordinates.

        The leaves of a group move at once, each so far that it changes the loss about as much as
        the others do. The coordinates are those with the largest slope of their leaf.
        """
        generator, count = np.random.default_rng(1), len(self.leaves)
        groups = [range(first, count, _GROUPS) for first in range(min(_GROUPS, count))]
        directions = [self._along(group, generator) for group in groups]
        some = range(0, count, max(1, count // _COORDINATES))[:_COORDINATES]
        directions += [self._coordinate(leaf) for leaf in some]
        return max(map(self._error, directions))

    def wrong_leaves(self) -> list[tuple[int, float]]:
        """The leaves whose own error is too large, by number, the largest first."""
        generator = np.random.default_rng(2)
        errors = [self._error(self._along([leaf], generator)) for leaf in range(len(self.leaves))]
        wrong = [each for each in enumerate(errors) if not each[1] <= self.precision.tolerance]
        return sorted(wrong, key=lambda each: -each[1])

    def _along(self, group: Sequence[int], generator: np.random.Generator) -> Leaves:
        """Along the gradient and partly beside it, in the leaves of `group` alone."""
        norms = {leaf: float(np.linalg.norm(self.gradient[leaf])) for leaf in group}
        largest, direction = max(norms.values()), [np.zeros_like(leaf) for leaf in self.leaves]
        for leaf, norm in norms.items():
            beside = generator.standard_normal(self.leaves[leaf].shape)
            beside *= 0.5 / max(float(np.linalg.norm(beside)), 1e-30)
            along = self.gradient[leaf] / norm if norm else 0.0
            amplified = min(largest / norm, _MOST_AMPLIFIED) if norm else 1.0
            direction[leaf] = (amplified * (along + beside)).astype(direction[leaf].dtype)
        return direction

    def _coordinate(self, number: int) -> Leaves:
        """The parameter with the largest slope of a leaf."""
        direction = [np.zeros_like(leaf) for leaf in self.leaves]
        if direction[number].size:
            direction[number].flat[int(np.abs(self.gradient[number]).argmax())] = 1.0
        return direction

    def _error(self, direction: Leaves) -> float:
        """The smallest error over the steps."""
        pairs = zip(self.gradient, direction, strict=True)
        parts = [float(np.sum(g * v, dtype=np.float64)) for g, v in pairs]
        smallest = np.inf
        for step in self.precision.steps:
            above, below = (self._moved(direction, sign * step) for sign in (1.0, -1.0))
            difference = (above - below) / (2 * step)
            # Of a slope that is nearly 0 the digits of the loss say little.
            floor = self.precision.tolerance**1.5 * (abs(above) + 1e-30)
            size = max(sum(map(abs, parts)), floor)
            smallest = min(smallest, abs(difference - sum(parts)) / size)
            if smallest <= 0.1 * self.precision.tolerance:
                break
        return float(smallest)

    def _moved(self, direction: Leaves, step: float) -> float:
        """The loss at w + h v."""
        pairs = zip(self.leaves, direction, strict=True)
        return float(self.loss([w + (step * v).astype(w.dtype) for w, v in pairs]))
