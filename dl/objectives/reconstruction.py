"""What auto-encoders minimise: the error of their reconstruction, with what keeps the code from
being a mere copy.

Fewer units in the code than inputs are enough of a restriction; more need noise, sparsity or
contraction (F2, F3).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

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
    """What a penalty may look at: a model's parameters, its inputs [B, ...] and their code [B, F],
    and a key.
    """

    params: Params
    inputs: Array
    code: Array
    mask: Array
    key: Key


Penalty = Callable[[Coded], Array]
"""What is added to the error of each example, [B]."""


def autoencoding(
    model: Autoencoder, *, corrupt: Corruption | None = None, penalties: Sequence[Penalty] = ()
) -> Objective:
    """Squared error between an input and its reconstruction, from a corrupted copy while training,
    with penalties.

    L = Σ_i (y_i − x_i)² + Σ penalties with y = decode(encode(corrupt(x))). Noise and penalties
    belong to training: the validation and test losses are the error from clean inputs alone.
    Reports loss, mse (Σ_i (y_i − x_i)², no ½; `targets` are not looked at). Source: F1-F3;
    denoising Vincent et al. 2008.

    >>> import dl
    >>> model = dl.models.autoencoder((2,), code_size=1)
    >>> params = {"encoder_0": {"kernel": jnp.zeros((2, 1)), "bias": jnp.zeros(1)}}
    >>> params["decoder_0"] = {"kernel": jnp.zeros((1, 2)), "bias": jnp.array([1.0, 1.0])}
    >>> batch = {"inputs": jnp.array([[3.0, 1.0]]), "mask": jnp.ones(1)}
    >>> dl.metrics.compute(autoencoding(model)(params, {}, batch)[0])
    {'loss': 4.0, 'mse': 4.0}
    """

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
        error = squared_error(outputs[0], batch["inputs"])
        added = [penalty(coded) for penalty, coded in zip(penalties, outputs[1], strict=False)]
        return {"loss": sum(added, error), "mse": error}

    return bind_forward(forward, report)


def gaussian_noise(std: float) -> Corruption:
    """x + `std` · N(0, 1) in every input. Source: F3, Vincent et al. 2010.

    >>> gaussian_noise(0.0)(jax.random.key(0), jnp.ones((1, 2))).tolist()
    [[1.0, 1.0]]
    """
    return lambda key, inputs: inputs + std * jax.random.normal(key, inputs.shape, inputs.dtype)


def masking_noise(fraction: float, *, value: float = 0.0) -> Corruption:
    """Each input replaced by `value` (black, say) with probability `fraction`. Source: F3, Vincent
    et al. 2008.

    >>> masking_noise(1.0, value=-1.0)(jax.random.key(0), jnp.ones((1, 2))).tolist()
    [[-1.0, -1.0]]
    """
    return lambda key, inputs: jnp.where(
        jax.random.bernoulli(key, fraction, inputs.shape), value, inputs
    )


def l1_sparsity(weight: float) -> Penalty:
    """weight · Σ_j |h_j|: units that are not needed are silent. Source: F3; Olshausen & Field 1996.

    A decoder with weights of its own can make up for a code that is only small: tie it to the
    encoder, or hold its weights down.

    >>> coded = Coded({}, jnp.zeros((1, 1)), jnp.array([[1.0, -2.0]]), jnp.ones(1), jax.random.key(0))
    >>> l1_sparsity(0.5)(coded).tolist()
    [1.5]
    """
    return lambda coded: weight * jnp.sum(jnp.abs(coded.code), axis=1)


def kl_sparsity(weight: float, *, target: float = 0.05) -> Penalty:
    """weight · Σ_j [ρ log(ρ/ρ̂_j) + (1 − ρ) log((1 − ρ)/(1 − ρ̂_j))], ρ = `target`, ρ̂_j the
    batch's mean of h_j.

    The code must lie in (0, 1): logistic units. As with batch statistics, ρ̂ is of the examples
    computed together: those of a micro-batch, and under `pmap` of a device. Source: F3; Ng 2011
    (CS294A lecture notes, sparse auto-encoder).

    >>> coded = Coded({}, jnp.zeros((1, 1)), jnp.full((1, 2), 0.05), jnp.ones(1), jax.random.key(0))
    >>> kl_sparsity(1.0)(coded).round(5).tolist()
    [0.0]
    """

    def penalty(coded: Coded) -> Array:
        count = jnp.maximum(jnp.sum(coded.mask), 1.0)
        mean = jnp.sum(coded.code * coded.mask[:, None], axis=0) / count
        mean = jnp.clip(
            mean, 1e-6, 1 - 1e-6
        )  # a unit that is 0 for every example has no finite divergence
        divergence = target * jnp.log(target / mean) + (1 - target) * jnp.log(
            (1 - target) / (1 - mean)
        )
        return jnp.broadcast_to(weight * jnp.sum(divergence), coded.mask.shape)

    return penalty


def contraction(model: Autoencoder, weight: float) -> Penalty:
    """weight · ‖∂h/∂x‖²_F: a code that small changes of the input do not change. Source: F3, Rifai
    et al. 2011.

    In closed form where the encoder is one layer, else an unbiased estimate from one random
    direction a step.

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
