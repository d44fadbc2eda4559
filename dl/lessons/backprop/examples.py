"""The lectures' two example nets: 3 → 4 → 1 with its shapes, and 2 → 3 → 2 → 1 (C1, C3)."""

import jax
import jax.numpy as jnp

from dl.lessons.backprop.dense import draw_weights
from dl.lessons.backprop.quantities import Weights
from dl.tables import Table


def running_example(seed: int = 0) -> tuple[Weights, ...]:
    """Random weights of the running example, 3 inputs → 4 units → 1 unit. Source: C1.

    >>> [(W.shape, b.shape) for W, b in running_example()]
    [((4, 3), (4, 1)), ((1, 4), (1, 1))]
    """
    return draw_weights(jax.random.key(seed), (3, 4, 1))


def running_example_shapes(examples: int) -> Table:
    """The shapes of the running example for m examples, and where the slide prints others.

    A bias has one row for each unit and one column, which is added to every column of W A_prev. The
    slide prints 4×3 and 4×1 for the two biases, the shape of W1 and of b1. Source: C1.

    >>> print(running_example_shapes(7).text())
    quantity  shape  slide prints
    X           3×7             –
    W1          4×3             –
    b1          4×1           4×3
    Z1, A1      4×7             –
    W2          1×4             –
    b2          1×1           4×1
    Z2, A2      1×7             –
    """
    rows = (
        ("X", (3, examples), None),
        ("W1", (4, 3), None),
        ("b1", (4, 1), (4, 3)),
        ("Z1, A1", (4, examples), None),
        ("W2", (1, 4), None),
        ("b2", (1, 1), (4, 1)),
        ("Z2, A2", (1, examples), None),
    )
    return Table(("quantity", "shape", "slide prints"), rows)


def worked_example() -> tuple[Weights, ...]:
    """Weights of the worked net, 2 inputs → 3 units → 2 units → 1 unit.

    The lecture shows it in formulas; the numbers here are round ones. Source: C3.

    >>> [W.shape for W, _ in worked_example()]
    [(3, 2), (2, 3), (1, 2)]
    """
    matrices = (
        [[0.5, -0.5], [1.0, 0.5], [-0.5, 1.0]],
        [[1.0, -1.0, 0.5], [0.5, 0.5, -1.0]],
        [[1.0, -0.5]],
    )
    return tuple(Weights(jnp.array(W), jnp.zeros((len(W), 1))) for W in matrices)
