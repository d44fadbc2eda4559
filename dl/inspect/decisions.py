"""What a classifier answers everywhere in a piece of the plane (A3, A4, C1)."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.train.network import Network
from dl.types import Array

Span: TypeAlias = tuple[float, float]
Predict: TypeAlias = Callable[[np.ndarray], Array | np.ndarray]
"""Points [N, 2] -> probabilities [N, K] of K classes; [N] or [N, 1] that of the second of two."""


class HasNetwork(Protocol):
    """A `Trained` or a `Network`."""

    @property
    def network(self) -> Network: ...


class Decisions(NamedTuple):
    """The probabilities [Y, X, K] of K classes on a grid, whose columns are x [X], rows y [Y]."""

    x: np.ndarray
    y: np.ndarray
    probabilities: np.ndarray

    @property
    def classes(self) -> np.ndarray:
        """The most probable class of each point: [Y, X]."""
        return self.probabilities.argmax(-1)


def decision_grid(
    trained: HasNetwork | Predict,
    *,
    x: Span = (-1.0, 1.0),
    y: Span = (-1.0, 1.0),
    side: int = 101,
) -> Decisions:
    """Probabilities of the classes on a grid of `side` × `side` points of a rectangle.

    A model with one yes-or-no output has two classes, no and yes. Source: A3, A4.

    Raises:
        InputError: for a model that does not tell apart classes of points in the plane.

    >>> grid = decision_grid(lambda points: points[:, 0] > 0.5, x=(0, 1), y=(0, 1), side=3)
    >>> grid.classes.tolist()
    [[0, 0, 1], [0, 0, 1], [0, 0, 1]]
    """
    check_number("side", side, Range(at_least=2), whole=True)
    columns, rows = np.linspace(*x, side), np.linspace(*y, side)
    points = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2).astype(np.float32)
    answers = _probabilities(trained, points)
    return Decisions(columns, rows, answers.reshape(side, side, -1))


def _probabilities(trained: HasNetwork | Predict, points: np.ndarray) -> np.ndarray:
    network = getattr(trained, "network", None)
    if isinstance(network, Network):
        _check_network(network)
        predict: Predict = network.probabilities
    elif callable(trained):
        predict = trained
    else:
        raise InputError("give a trained net, or a function from points [N, 2] to probabilities")
    answers = np.asarray(predict(points), np.float64)
    if answers.shape == (len(points),):
        answers = answers[:, None]
    if answers.ndim != 2 or len(answers) != len(points):
        raise InputError(
            f"for {len(points)} points there are answers of shape {answers.shape}: "
            "probabilities are [N, K], or [N] for two classes"
        )
    return np.hstack([1 - answers, answers]) if answers.shape[1] == 1 else answers


def _check_network(network: Network) -> None:
    spec = network.described
    several = spec.task == "binary" and spec.classes > 1
    if spec.input_shape != (2,) or several:
        answers = f"{spec.classes} yes-or-no answers" if several else f"inputs {spec.input_shape}"
        raise InputError(
            f"{spec.name} has {answers}: regions are drawn for one answer to points in the plane"
        )
