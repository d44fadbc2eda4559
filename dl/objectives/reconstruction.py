"""Objectives of auto-encoders: the error of the reconstruction, with noise and penalties.

A code with fewer units than inputs cannot be a mere copy. A larger code can, unless noise, sparsity
or contraction prevents it (F2, F3).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.models.given import require_model
from dl.objectives.binding import bind_forward
from dl.objectives.comparing import squared_error
from dl.types import (
    Array,
    Autoencoder,
    Batch,
    Carry,
    Corruption,
    Key,
    ModelState,
    Objective,
    Params,
)


class Coded(NamedTuple):
    """What a penalty is computed from: inputs [B, ...], their code [B, F], the mask [B], a key."""

    params: Params
    inputs: Array
    code: Array
    mask: Array
    key: Key


Penalty = Callable[[Coded], Array]
"""What is added to the error of each example: [B]."""


def autoencoding(
    model: Autoencoder, *, corrupt: Corruption | None = None, penalties: Sequence[Penalty] = ()
) -> Objective:
    """Squared error between inputs and their reconstructions, plus penalties.

    L = Σ_i (y_i − x_i)² + Σ penalties with y = decode(encode(corrupt(x))). Noise and penalties
    belong to training: validation and test losses are the error from clean inputs alone. Reports
    loss and mse, Σ_i (y_i − x_i)² without ½. `targets` are not used.
    Source: F1-F3; denoising: Vincent et al. 2008.

    >>> import dl
    >>> model = dl.models.autoencoder((2,), code_size=1)
    >>> params = {"encoder_0": {"kernel": jnp.zeros((2, 1)), "bias": jnp.zeros(1)}}
    >>> params["decoder_0"] = {"kernel": jnp.zeros((1, 2)), "bias": jnp.array([1.0, 1.0])}
    >>> batch = {"inputs": jnp.array([[3.0, 1.0]]), "mask": jnp.ones(1)}
    >>> dl.metrics.compute(autoencoding(model)(params, {}, batch)[0])
    {'loss': 4.0, 'mse': 4.0}
    """
    require_model(model, by="an objective")
    if not isinstance(model, Autoencoder):
        raise InputError(
            f"{model.name} is no auto-encoder: make one with dl.models.autoencoder, or take "
            "another objective"
        )

    def forward(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool,
        key: Key | None,
        carry: Carry,
    ) -> tuple[tuple[Array, list[Coded]], ModelState, Carry]:
        noise, active = (corrupt, len(penalties)) if train else (None, 0)
        keys = _keys(key, 1 + active) if noise or active else []
        inputs = noise(keys[0], batch["inputs"]) if noise else batch["inputs"]
        code = model.encode(params, inputs)
        coded = [Coded(params, inputs, code, batch["mask"], own) for own in keys[1:]]
        return (model.decode(params, code), coded), model_state, carry

    def report(outputs: tuple[Array, list[Coded]], batch: Batch) -> dict[str, Array]:
        reconstruction, coded = outputs  # in evaluation there is nothing to penalise
        error = squared_error(reconstruction, batch["inputs"])
        added = [penalty(own) for penalty, own in zip(penalties, coded, strict=False)]
        return {"loss": sum(added, error), "mse": error}

    return bind_forward(forward, report)


def gaussian_noise(std: float) -> Corruption:
    """Adds `std` · N(0, 1) to every input. Source: F3, Vincent et al. 2010.

    >>> gaussian_noise(0.0)(jax.random.key(0), jnp.ones((1, 2))).tolist()
    [[1.0, 1.0]]
    """
    return lambda key, inputs: inputs + std * jax.random.normal(key, inputs.shape, inputs.dtype)


def masking_noise(fraction: float, *, value: float = 0.0) -> Corruption:
    """Replaces each input by `value` (such as black) with probability `fraction`.

    Source: F3, Vincent et al. 2008.

    >>> masking_noise(1.0, value=-1.0)(jax.random.key(0), jnp.ones((1, 2))).tolist()
    [[-1.0, -1.0]]
    """
    return lambda key, inputs: jnp.where(
        jax.random.bernoulli(key, fraction, inputs.shape), value, inputs
    )


def l1_sparsity(weight: float) -> Penalty:
    """weight · Σ_j |h_j|: units that are not needed are silent. Source: F3; Olshausen & Field 1996.

    A decoder with weights of its own can enlarge a code that was only made small: tie the decoder
    to the encoder, or penalise its weights too.

    >>> code, key = jnp.array([[1.0, -2.0]]), jax.random.key(0)
    >>> coded = Coded({}, jnp.zeros((1, 1)), code, jnp.ones(1), key)
    >>> l1_sparsity(0.5)(coded).tolist()
    [1.5]
    """
    return lambda coded: weight * jnp.sum(jnp.abs(coded.code), axis=1)


def kl_sparsity(weight: float, *, target: float = 0.05) -> Penalty:
    """The divergence of each unit's mean activation from the share `target`.

    weight · Σ_j [ρ log(ρ/ρ̂_j) + (1 − ρ) log((1 − ρ)/(1 − ρ̂_j))], where ρ is `target` and ρ̂_j the
    mean of h_j over the batch. The code must lie in (0, 1): logistic units. ρ̂ is the mean over the
    examples that are computed together: those of a micro-batch, and under `pmap` of one device.
    Source: F3; Ng 2011 (CS294A lecture notes, sparse auto-encoder).

    >>> coded = Coded({}, jnp.zeros((1, 1)), jnp.full((1, 2), 0.05), jnp.ones(1), jax.random.key(0))
    >>> kl_sparsity(1.0)(coded).round(5).tolist()
    [0.0]
    """

    def penalty(coded: Coded) -> Array:
        count = jnp.maximum(jnp.sum(coded.mask), 1.0)
        mean = jnp.sum(coded.code * coded.mask[:, None], axis=0) / count
        # A unit that is 0 for every example has no finite divergence.
        mean = jnp.clip(mean, 1e-6, 1 - 1e-6)
        divergence = target * jnp.log(target / mean) + (1 - target) * jnp.log(
            (1 - target) / (1 - mean)
        )
        return jnp.broadcast_to(weight * jnp.sum(divergence), coded.mask.shape)

    return penalty


def contraction(model: Autoencoder, weight: float) -> Penalty:
    """weight · ‖∂h/∂x‖²_F: small changes of the input shall not change the code.

    Exact where the encoder has one layer; otherwise an unbiased estimate from one random direction
    per step. Source: F3, Rifai et al. 2011.

    >>> import dl
    >>> model = dl.models.autoencoder((2,), code_size=1)
    >>> params = {"encoder_0": {"kernel": jnp.array([[1.0], [2.0]]), "bias": jnp.zeros(1)}}
    >>> coded = Coded(params, jnp.zeros((1, 2)), jnp.zeros((1, 1)), jnp.ones(1), jax.random.key(0))
    >>> contraction(model, 0.1)(coded).tolist()
    [0.5]
    """
    return lambda coded: weight * model.jacobian_norm(coded.params, coded.inputs, coded.key)


def _keys(key: Key | None, count: int) -> list[Key]:
    if key is None:
        raise ValueError("noise and penalties draw from a key while training: give key=")
    return list(jax.random.split(key, count))
