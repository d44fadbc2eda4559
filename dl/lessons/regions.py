"""Linear regions: into how many pieces a ReLU net cuts its inputs, by depth and by width (D10)."""

from collections.abc import Sequence
from math import comb, sqrt

import numpy as np

from dl.errors import InputError
from dl.lessons.backprop.quantities import Weights
from dl.tables import Table
from dl.types import Array


def regions_on_segment(
    hidden: Sequence[Weights], start: Array | np.ndarray, end: Array | np.ndarray
) -> int:
    """Into how many pieces a net of ReLU layers cuts the segment between two points [D]: exact.

    `hidden` are the weights of the hidden layers (`backprop.weights_of(params)[:-1]`). On a piece
    no unit goes on or off, so that the net is linear there. Layer after layer, the places where a
    unit of the layer passes 0 are added to those of the layers before. Source: D10.

    >>> W, b = np.array([[1.0], [1.0]]), np.array([[-0.25], [-0.75]])
    >>> regions_on_segment([Weights(W, b)], np.array([0.0]), np.array([1.0]))
    3
    """
    places = np.array([0.0, 1.0])
    ends = np.stack([np.asarray(start, np.float64), np.asarray(end, np.float64)])
    outputs = ends
    for W, b in hidden:
        Z = outputs @ np.asarray(W, np.float64).T + np.asarray(b, np.float64)[:, 0]
        finer = np.union1d(places, _crossings(places, Z))
        # Between two of the old places every unit's z is linear.
        Z = np.stack([np.interp(finer, places, column) for column in Z.T], axis=1)
        places, outputs = finer, np.maximum(Z, 0.0)
    return len(places) - 1


def regions_on_grid(
    hidden: Sequence[Weights], *, low: float = -1.0, high: float = 1.0, side: int = 200
) -> int:
    """How many patterns of active units a grid of side × side points in a square shows.

    A lower bound for the number of regions in the square: those between the points are not seen.
    The net has two inputs. Source: D10.

    >>> W, b = np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros((2, 1))
    >>> regions_on_grid([Weights(W, b)], side=10)
    4
    """
    axis = np.linspace(low, high, side)
    outputs = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    patterns = []
    for W, b in hidden:
        Z = outputs @ np.asarray(W, np.float64).T + np.asarray(b, np.float64)[:, 0]
        patterns.append(Z > 0)
        outputs = np.maximum(Z, 0.0)
    return len(np.unique(np.packbits(np.concatenate(patterns, axis=1), axis=1), axis=0))


def most_regions_of_a_layer(inputs: int, units: int) -> int:
    """Σ_{j ≤ d} C(n, j): the most regions into which n units cut d inputs. Source: Zaslavsky 1975.

    >>> [most_regions_of_a_layer(2, units) for units in (1, 2, 3, 4)]
    [2, 4, 7, 11]
    """
    return sum(comb(units, j) for j in range(inputs + 1))


def regions_of_a_deep_net(inputs: int, width: int, depth: int) -> int:
    """⌊n/d⌋^(d (L − 1)) Σ_{j ≤ d} C(n, j): so many regions some ReLU net of L layers has, or more.

    n = `width` ≥ d = `inputs` units in each of L = `depth` layers. Every layer but the last folds
    its inputs ⌊n/d⌋^d times onto each other, so that depth multiplies what width only adds to.
    Source: D10; Montúfar et al. 2014.

    Raises:
        InputError: for fewer units in a layer than inputs, and for no layer.

    >>> regions_of_a_deep_net(2, 4, 2), most_regions_of_a_layer(2, 8)
    (44, 37)
    """
    if width < inputs or depth < 1:
        raise InputError(
            f"{depth} layers of {width} units on {inputs} inputs: "
            "the bound holds for at least 1 layer, and at least as many units as inputs"
        )
    return (width // inputs) ** (inputs * (depth - 1)) * most_regions_of_a_layer(inputs, width)


def critical_points_on_the_slide(width: int, depth: int) -> float:
    """√width · depth^(width/2): what the slide says the number of critical points grows with.

    In it width makes the number explode and depth lets it grow slowly. The slide gives no source.
    For linear regions it is the other way round (`regions_of_a_deep_net`). Source: D10.

    >>> critical_points_on_the_slide(4, 2), critical_points_on_the_slide(16, 2)
    (8.0, 1024.0)
    """
    return sqrt(width) * depth ** (width / 2)


def growth(shapes: Sequence[tuple[int, int]], *, inputs: int = 2) -> Table:
    """Depth against width for nets of (depth, width): units, regions, and the slide's number.

    "regions" are those of `regions_of_a_deep_net`: some ReLU net of the shape has so many, or more.
    Source: D10.

    Raises:
        InputError: for fewer units in a layer than inputs.

    >>> print(growth([(1, 16), (4, 4)]).text())
    depth  width  units  regions  slide's critical points
    1         16     16      137                        4
    4          4     16      704                       32
    """
    rows = [
        (
            depth,
            width,
            depth * width,
            regions_of_a_deep_net(inputs, width, depth),
            critical_points_on_the_slide(width, depth),
        )
        for depth, width in shapes
    ]
    columns = ("depth", "width", "units", "regions", "slide's critical points")
    return Table(columns, rows, formats={"regions": ",", "slide's critical points": ",.0f"})


def _crossings(places: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """Where a column of Z [P, H], linear between the places [P], passes 0."""
    before, after = Z[:-1], Z[1:]
    row, unit = np.nonzero(before * after < 0)
    share = before[row, unit] / (before[row, unit] - after[row, unit])
    return places[row] + share * (places[row + 1] - places[row])
