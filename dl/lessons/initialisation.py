"""What the first weights do to the signal of a deep net, layer by layer (D4).

The net is a stack of L dense layers of n units without biases: A_l = f(A_(l−1) W_l). All layers
have one shape, so the whole stack is one array [L, n, n] and one scan, however deep it is.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.tables import Table
from dl.types import Array, Key

Activation = Callable[[Array], Array]
Initializer = Callable[[Key, tuple[int, int]], Array]

INITIALIZERS: Mapping[str, Initializer] = {
    "zeros": jax.nn.initializers.zeros,
    "N(0, 1)": jax.nn.initializers.normal(1.0),
    "N(0, 0.01)": jax.nn.initializers.normal(0.01),
    "Xavier": jax.nn.initializers.glorot_normal(),
    "He": jax.nn.initializers.he_normal(),
}
"""The lecture's first weights; the second number of N(0, s) is the standard deviation.

Xavier has the variance 2 / (n_in + n_out), which is 1/n here, He has 2 / n_in. Source: D4.
"""

SATURATED = 0.05
"""A unit is saturated for an example where its slope |f'(z)| is below this."""


class LayerStatistics(NamedTuple):
    """Statistics of the outputs of L layers of n units over B examples, each an array [L]."""

    mean: Array
    std: Array
    square: Array
    """E[a²], the signal's energy: what He's weights keep under ReLU."""
    saturated: Array
    """Share of the outputs whose slope |f'(z)| is below `SATURATED`: little error passes back."""
    dead: Array
    """How many of the n units are 0 for every example."""


def draw_weights(
    key: Key, initializer: str | Initializer, *, depth: int = 5, width: int = 100
) -> Array:
    """The weights of `depth` layers of `width` units: [L, n, n], each layer with a key of its own.

    `initializer` is a name in `INITIALIZERS` or a function (key, shape) -> weights. Source: D4.

    >>> draw_weights(jax.random.key(0), "He", depth=3, width=4).shape
    (3, 4, 4)
    """
    check_number("depth", depth, Range(at_least=1), whole=True)
    check_number("width", width, Range(at_least=1), whole=True)
    if isinstance(initializer, str) and initializer not in INITIALIZERS:
        raise InputError(
            f"unknown initialisation {initializer!r}: give one of {', '.join(INITIALIZERS)}"
        )
    draw = INITIALIZERS[initializer] if isinstance(initializer, str) else initializer
    return jax.vmap(lambda key: draw(key, (width, width)))(jax.random.split(key, depth))


def propagate(
    weights: Array, inputs: Array, activation: Activation = jnp.tanh
) -> tuple[Array, Array]:
    """Every layer's Z_l = A_(l−1) W_l and A_l = f(Z_l): [L, n, n], [B, n] -> two [L, B, n].

    Source: D4, C1.

    >>> z, a = propagate(jnp.full((2, 1, 1), 2.0), jnp.ones((1, 1)), lambda z: z)
    >>> a.ravel().tolist()
    [2.0, 4.0]
    """

    def layer(before: Array, weights: Array) -> tuple[Array, tuple[Array, Array]]:
        z = before @ weights
        a = activation(z)
        return a, (z, a)

    return jax.lax.scan(layer, inputs, weights)[1]


def layer_statistics(z: Array, a: Array, activation: Activation = jnp.tanh) -> LayerStatistics:
    """The statistics of each layer of `propagate`'s Z and A = f(Z), [L, B, n] each. Source: D4.

    >>> z, a = propagate(jnp.zeros((1, 2, 2)), jnp.ones((3, 2)))
    >>> [number.tolist() for number in layer_statistics(z, a)]
    [[0.0], [0.0], [0.0], [0.0], [2]]
    """
    slopes = jax.vmap(jax.grad(activation))(z.ravel()).reshape(z.shape)
    of_layer = (1, 2)
    return LayerStatistics(
        mean=a.mean(of_layer),
        std=a.std(of_layer),
        square=(a**2).mean(of_layer),
        saturated=(jnp.abs(slopes) < SATURATED).mean(of_layer),
        dead=count_dead(a),
    )


def count_dead(a: Array) -> Array:
    """How many units are 0 for all examples: outputs [..., B, n] -> [...].

    No error passes a ReLU unit that is dead, so it stays so. Source: A6, D4.

    >>> int(count_dead(jnp.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])))
    1
    """
    return (a == 0).all(axis=-2).sum(axis=-1)


def histograms(
    a: Array, *, bins: int = 30, limits: tuple[float, float] = (-1.0, 1.0)
) -> tuple[Array, Array]:
    """The share of each layer's outputs in equal bins: [L, B, n] -> [L, bins], edges [bins + 1].

    Outputs beyond the limits are counted in the first and the last bin. Source: D4.

    >>> histograms(jnp.array([[[-0.9, 0.1, 0.3, 5.0]]]), bins=2)[0].tolist()
    [[0.25, 0.75]]
    """
    edges = jnp.linspace(*limits, bins + 1)
    counts = jax.vmap(lambda layer: jnp.histogram(layer.clip(*limits), edges)[0])(a)
    return counts / a[0].size, edges


def compare_initialisations(
    activation: Activation = jnp.tanh,
    *,
    depth: int = 5,
    width: int = 100,
    examples: int = 1000,
    seed: int = 0,
) -> Table:
    """What each initialisation makes of inputs from N(0, 1), layer by layer.

    Source: D4; Glorot & Bengio 2010, He et al. 2015.

    >>> print(compare_initialisations(depth=1, width=50, examples=100).text())
    first weights  layer   mean    std  saturated  dead units
    zeros              1  0.000      0      0.0 %          50
    N(0, 1)            1  0.011   0.94     75.4 %           0
    N(0, 0.01)         1  0.001  0.071      0.0 %           0
    Xavier             1  0.008   0.63      3.1 %           0
    He                 1  0.009   0.72     12.7 %           0
    """
    inputs_key, weights_key = jax.random.split(jax.random.key(seed))
    inputs = jax.random.normal(inputs_key, (examples, width))
    rows = []
    for name in INITIALIZERS:
        weights = draw_weights(weights_key, name, depth=depth, width=width)
        found = layer_statistics(*propagate(weights, inputs, activation), activation)
        columns = (found.mean, found.std, found.saturated, found.dead)
        cells = zip(*(column.tolist() for column in columns), strict=True)
        rows += [(name, layer, *row) for layer, row in enumerate(cells, start=1)]
    return Table(
        ("initialisation", "layer", "mean", "std", "saturated", "dead"),
        rows,
        formats={"mean": "z.3f", "std": ".2g", "saturated": ".1%"},
        headings={"initialisation": "first weights", "dead": "dead units"},
    )
