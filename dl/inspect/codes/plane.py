"""What hidden layers make of the plane: a grid and the points on it, layer by layer (D11)."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.codes.pca import fit_pca
from dl.inspect.maps.layer_outputs import feature_maps
from dl.inspect.trained import Trained
from dl.types import Array


class Plane(NamedTuple):
    """Where a layer of `units` units puts N points [N, 2], and the lines of a grid [G, P, 2].

    With more than two units both coordinates are principal components of the points, with one the
    second coordinate is 0.
    """

    points: np.ndarray
    grid: np.ndarray
    units: int


def plane_by_layer(
    trained: Trained,
    points: Array | np.ndarray,
    *,
    activation: Callable[[Array], Array] | None = None,
    lines: int = 15,
) -> dict[str, Plane]:
    """The plane itself ("inputs"), and what each hidden layer makes of it, by the layers' names.

    The grid has `lines` lines along each axis, over the rectangle of the `points` [N, 2]. Hidden
    layers are those with parameters but for the last. `activation` is what the model applies to
    their outputs, as in `separability`. Source: D11.

    Raises:
        InputError: for points that do not lie in a plane.

    >>> import dl
    >>> model = dl.models.mlp(1, hidden_sizes=(2,))
    >>> params = {
    ...     "hidden1": {"kernel": jnp.array([[1.0, 0.0], [0.0, 2.0]]), "bias": jnp.zeros(2)},
    ...     "output": {"kernel": jnp.ones((2, 1)), "bias": jnp.zeros(1)},
    ... }
    >>> planes = plane_by_layer(dl.Network(model, params), np.array([[-1.0, 1.0], [3.0, 2.0]]),
    ...                         activation=jax.nn.relu)
    >>> {name: plane.points.tolist() for name, plane in planes.items()}
    {'inputs': [[-1.0, 1.0], [3.0, 2.0]], 'hidden1': [[0.0, 2.0], [3.0, 4.0]]}
    """
    places = np.asarray(points, np.float32)
    if places.ndim != 2 or places.shape[1] != 2:
        raise InputError(f"points in the plane are [N, 2], not of shape {places.shape}")
    grid = _grid(places, lines)
    planes = {"inputs": Plane(places, grid, 2)}
    example = jax.ShapeDtypeStruct((1, 2), jnp.float32)
    names = [row.name for row in trained.model.layers(example) if row.parameters]
    together = np.concatenate([places, grid.reshape(-1, 2)])
    maps = feature_maps(trained, together, layers=names[:-1]) if names[:-1] else {}
    for name, outputs in maps.items():
        codes = np.asarray(outputs if activation is None else activation(outputs))
        flat = _in_the_plane(codes, len(places))
        rows = flat[len(places) :].reshape(grid.shape)
        planes[name] = Plane(flat[: len(places)], rows, codes.shape[1])
    return planes


def _grid(points: np.ndarray, lines: int, *, per_line: int = 61) -> np.ndarray:
    """Lines along the first axis, then along the second: [2 · lines, per_line, 2]."""
    low, high = points.min(0), points.max(0)
    along, across = np.linspace(0, 1, per_line), np.linspace(0, 1, lines)
    first = np.stack(np.meshgrid(along, across), axis=-1)
    shares = np.concatenate([first, first[..., ::-1]])
    return (low + shares * (high - low)).astype(np.float32)


def _in_the_plane(codes: np.ndarray, count: int) -> np.ndarray:
    """Codes [N, H] in two dimensions: by principal components of the first `count` of them."""
    if codes.shape[1] == 1:
        return np.pad(codes, ((0, 0), (0, 1)))
    if codes.shape[1] == 2:
        return codes
    return fit_pca(codes[:count], components=2).transform(codes)
