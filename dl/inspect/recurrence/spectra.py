"""How much a recurrent weight stretches: its spectral radius and its singular values (G2)."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError, did_you_mean
from dl.inspect.recurrence.gates import BLOCKS
from dl.layers.recurrent.cells import CellParams
from dl.types import Array


def spectral_radius(kind: str, params: CellParams) -> dict[str, float]:
    """max |λ| over the eigenvalues λ of each gate's recurrent block U [H, H], by gate.

    Gates have the names of `dl.inspect.recurrence.gates.BLOCKS`. In the long run ‖U^k‖ grows as
    radius^k: the gradients of an Elman net without tanh vanish if the radius is below 1 and explode
    if it is above. Source: G2; Pascanu et al. (2013), arXiv:1211.5063.

    >>> spectral_radius("rnn", {"recurrent": np.array([[0.5, 9.0], [0.0, -0.8]])})
    {'hidden': 0.8}

    Raises:
        InputError: as `recurrent_blocks`.
    """
    return {name: _radius(block) for name, block in recurrent_blocks(kind, params).items()}


def singular_values(kind: str, params: CellParams) -> dict[str, np.ndarray]:
    """The singular values of each gate's recurrent block U, [H], the largest first, by gate.

    The largest is the norm ‖U‖₂: how much one step can stretch a state or a gradient. ‖U^k‖ ≤
    ‖U‖^k. Source: G2.

    >>> singular_values("rnn", {"recurrent": np.array([[0.0, 2.0], [0.0, 0.0]])})["hidden"].tolist()
    [2.0, 0.0]

    Raises:
        InputError: as `recurrent_blocks`.
    """
    return {
        name: np.linalg.svd(block, compute_uv=False)
        for name, block in recurrent_blocks(kind, params).items()
    }


def recurrent_blocks(kind: str, params: CellParams) -> dict[str, np.ndarray]:
    """The recurrent weight [H, n H] as one block for each gate: float64 [H, H] by gate.

    Gates have the names of `dl.inspect.recurrence.gates.BLOCKS`.

    Raises:
        InputError: for an unknown cell, a weight of another shape, or one that is not finite.
    """
    if kind not in BLOCKS:
        raise InputError(f"unknown cell {kind!r}: {did_you_mean(kind, BLOCKS)}")
    if "recurrent" not in params:
        hint = 'take one layer out of a stack, as params["layer_0"]'
        raise InputError(
            f"no recurrent weight among {', '.join(params) or 'no parameters'}: {hint}"
        )
    weight, names = np.asarray(params["recurrent"], np.float64), BLOCKS[kind]
    if weight.ndim != 2 or weight.shape[1] != len(names) * len(weight):
        wanted = "H" if len(names) == 1 else f"{len(names)} H"
        raise InputError(
            f"the recurrent weight of {kind} is [H, {wanted}], not of shape {weight.shape}"
        )
    if not np.isfinite(weight).all():
        raise InputError(
            f"the recurrent weight of {kind} is not finite: "
            "take the parameters of an earlier checkpoint"
        )
    return dict(zip(names, np.split(weight, len(names), axis=1), strict=True))


def scaled_to(
    kind: str, params: CellParams, *, radius: float | None = None, norm: float | None = None
) -> dict[str, Array]:
    """The parameters with each gate's recurrent block scaled to a spectral radius or a norm ‖U‖₂.

    Source: G2.

    >>> wide = {"input": np.ones((1, 2)), "recurrent": np.diag([4.0, 1.0])}
    >>> scaled_to("rnn", wide, radius=0.5)["recurrent"].tolist()
    [[0.5, 0.0], [0.0, 0.125]]

    Raises:
        InputError: unless one of the two is given and positive; for a block whose radius or norm is
            0.
    """
    target = norm if radius is None else radius
    if (radius is None) == (norm is None) or target is None or not 0 < target < np.inf:
        raise InputError(
            f"give one of radius and norm, a positive number, not radius={radius} and norm={norm}"
        )
    size = _norm if radius is None else _radius
    blocks = [
        _scaled(name, block, target, size=size)
        for name, block in recurrent_blocks(kind, params).items()
    ]
    recurrent = jnp.asarray(np.concatenate(blocks, axis=1), jnp.asarray(params["recurrent"]).dtype)
    return {**params, "recurrent": recurrent}


def _scaled(
    name: str, block: np.ndarray, target: float, *, size: Callable[[np.ndarray], float]
) -> np.ndarray:
    before = size(block)
    if not before:
        raise InputError(
            f"the recurrent block of {name} has a size of 0 and cannot be scaled to {target}"
        )
    return block * (target / before)


def _radius(block: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(block)).max())


def _norm(block: np.ndarray) -> float:
    return float(np.linalg.norm(block, ord=2))
