"""What a hidden layer does to the plane: it scales, rotates, translates, bends, adds axes (D11).

Points are rows here, [N, D], as in the data sets.
"""

import jax.numpy as jnp

from dl.errors import InputError
from dl.layers.activations import activation
from dl.types import Array


def scale(points: Array, factors: Array) -> Array:
    """Each axis by a factor of its own: [N, D], [D] -> [N, D]. Source: D11.

    >>> scale(jnp.array([[1.0, 2.0]]), jnp.array([3.0, 0.5])).tolist()
    [[3.0, 1.0]]
    """
    return points * factors[None]


def rotate(points: Array, rotation: Array) -> Array:
    """x -> Q x with an orthogonal Q [D, D], a rotation or one with a reflection: [N, D] -> [N, D].

    Source: D11.

    >>> quarter = jnp.array([[0.0, -1.0], [1.0, 0.0]])
    >>> rotate(jnp.array([[1.0, 0.0]]), quarter).tolist()
    [[0.0, 1.0]]
    """
    return points @ rotation.T


def translate(points: Array, shift: Array) -> Array:
    """x -> x + b: [N, D], [D] -> [N, D]. Source: D11.

    >>> translate(jnp.array([[1.0, 2.0]]), jnp.array([1.0, -1.0])).tolist()
    [[2.0, 1.0]]
    """
    return points + shift[None]


def bend(points: Array, name: str = "tanh") -> Array:
    """x -> f(x), the only step that is not linear: [N, D] -> [N, D]. Source: D11.

    >>> bend(jnp.array([[-1.0, 2.0]]), "relu").tolist()
    [[0.0, 2.0]]
    """
    return activation(name).function(points)


def change_dimension(points: Array, dimensions: int) -> Array:
    """The first `dimensions` axes; new ones are 0: [N, D] -> [N, dimensions]. Source: D11.

    Raises:
        InputError: for less than one dimension.

    >>> change_dimension(jnp.array([[1.0, 2.0]]), 3).tolist()
    [[1.0, 2.0, 0.0]]
    >>> change_dimension(jnp.array([[1.0, 2.0]]), 1).tolist()
    [[1.0]]
    """
    if dimensions < 1:
        raise InputError(f"points have at least 1 dimension, not {dimensions}")
    kept = points[:, :dimensions]
    return jnp.pad(kept, ((0, 0), (0, dimensions - kept.shape[1])))


def layer_steps(points: Array, W: Array, b: Array, *, bent_by: str = "tanh") -> dict[str, Array]:
    """f(W x + b) in the five transformations, and where the points are after each: [N, D].

    The singular value decomposition W = U S Vᵀ makes of one layer: rotate by Vᵀ, scale by S, change
    the dimension to that of the units, rotate by U, translate by b [H], bend by f. W is [H, D]; of
    a `dl.models.mlp` it is the kernel's transpose. The last entry is the layer's output [N, H].
    Source: D11.

    >>> W, b = jnp.array([[0.0, 2.0], [-1.0, 0.0], [0.0, 0.0]]), jnp.array([0.0, 0.0, 1.0])
    >>> steps = layer_steps(jnp.array([[1.0, 1.0]]), W, b, bent_by="relu")
    >>> {name: array.shape[1] for name, array in steps.items()}
    {'rotate': 2, 'scale': 2, 'change dimension': 3, 'rotate again': 3, 'translate': 3, 'bend': 3}
    >>> steps["bend"].round(3).tolist()
    [[2.0, 0.0, 1.0]]
    """
    U, S, Vt = jnp.linalg.svd(W, full_matrices=True)
    factors = jnp.pad(S, (0, W.shape[1] - len(S)))
    turned = rotate(points, Vt)
    scaled = scale(turned, factors)
    lifted = change_dimension(scaled, len(U))
    again = rotate(lifted, U)
    moved = translate(again, b)
    return {
        "rotate": turned,
        "scale": scaled,
        "change dimension": lifted,
        "rotate again": again,
        "translate": moved,
        "bend": bend(moved, bent_by),
    }
