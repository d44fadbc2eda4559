"""Restricted Boltzmann machines: energies, conditional probabilities, Gibbs sampling.

A machine has D visible units v, each 0 or 1, and F hidden units h. Only units of different kinds
are connected, so that either kind is independent given the other. `params` holds `kernel` W [D, F],
`bias` c [F] of the hidden units and `visible_bias` b [D]. Source: F4; Smolensky 1986; Hinton 2002
(Training products of experts by minimizing contrastive divergence).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.layers.precision import product
from dl.types import Array, Key

Machine = Mapping[str, Array]
"""`kernel` [D, F], `bias` [F], `visible_bias` [D]."""

MOST_ENUMERATED = 20
"""The most hidden units over whose states the partition function is summed."""


class Units(NamedTuple):
    """A kind of hidden units, by what their inputs a = c + vW make of them.

    `cost` is −log of the weight that a state h has by itself, `log_partition` is
    A(a) = log Σ_h exp(a h − cost(h)), `mean` its derivative, the expected h; `draw` samples h.
    """

    cost: Callable[[Array], Array]
    log_partition: Callable[[Array], Array]
    mean: Callable[[Array], Array]
    draw: Callable[[Key, Array], Array]


def _draw_bits(key: Key, inputs: Array) -> Array:
    return jax.random.bernoulli(key, jax.nn.sigmoid(inputs)).astype(inputs.dtype)


BINARY = Units(jnp.zeros_like, jax.nn.softplus, jax.nn.sigmoid, _draw_bits)
"""h is 1 with probability σ(a), else 0."""

GAUSSIAN = Units(
    lambda hidden: hidden**2 / 2,
    lambda inputs: inputs**2 / 2,
    lambda inputs: inputs,
    lambda key, inputs: inputs + jax.random.normal(key, inputs.shape, inputs.dtype),
)
"""h is a real number from N(a, 1): linear units with noise, as a code (Welling et al. 2005)."""


def energy(params: Machine, visible: Array, hidden: Array, units: Units = BINARY) -> Array:
    """E(v, h) = −b·v − c·h − v W h + Σ_j cost(h_j): [B, D], [B, F] -> [B].

    The joint probability is exp(−E(v, h)) / Z. Source: F4; Hinton 2010, equation 1.

    >>> machine = {"kernel": jnp.array([[2.0]]), "bias": jnp.ones(1), "visible_bias": jnp.zeros(1)}
    >>> energy(machine, jnp.ones((1, 1)), jnp.ones((1, 1))).tolist()
    [-3.0]
    """
    inputs = hidden_inputs(params, visible)
    return -visible @ params["visible_bias"] - jnp.sum(inputs * hidden - units.cost(hidden), -1)


def free_energy(params: Machine, visible: Array, units: Units = BINARY) -> Array:
    """F(v) = −log Σ_h exp(−E(v, h)) = −b·v − Σ_j A(c_j + (vW)_j): [B, D] -> [B].

    A(a) is log(1 + eᵃ) for binary units, and p(v) = exp(−F(v)) / Z. Source: Hinton 2010, section
    16.1.

    >>> machine = {"kernel": jnp.zeros((2, 3)), "bias": jnp.zeros(3), "visible_bias": jnp.ones(2)}
    >>> free_energy(machine, jnp.ones((1, 2)))  # −2 − 3 log 2
    Array([-4.0794415], dtype=float32)
    """
    inputs = hidden_inputs(params, visible)
    return -visible @ params["visible_bias"] - jnp.sum(units.log_partition(inputs), axis=-1)


def hidden_inputs(params: Machine, visible: Array) -> Array:
    """a = c + v W: [B, D] -> [B, F]. P(h_j = 1 | v) = σ(a_j) for binary units."""
    return product(visible, params["kernel"]) + params["bias"][None]


def visible_inputs(params: Machine, hidden: Array) -> Array:
    """b + W h: [B, F] -> [B, D]. P(v_i = 1 | h) is σ of it."""
    return product(hidden, params["kernel"].T) + params["visible_bias"][None]


def hidden_mean(params: Machine, visible: Array, units: Units = BINARY) -> Array:
    """E[h | v]: [B, D] -> [B, F]; of binary units the probabilities P(h = 1 | v)."""
    return units.mean(hidden_inputs(params, visible))


def bottom_up(machines: Sequence[Machine], units: Sequence[Units], visible: Array) -> Array:
    """E[h | v] of a stack of machines, one after the other from the lowest: [B, D] -> [B, F].

    `units` has the kind of each machine's hidden units. Without machines it is `visible` itself.

    >>> machine = {"kernel": jnp.zeros((2, 2)), "bias": jnp.zeros(2), "visible_bias": jnp.zeros(2)}
    >>> bottom_up([machine, machine], [BINARY, GAUSSIAN], jnp.ones((1, 2))).tolist()
    [[0.0, 0.0]]
    """
    for machine, kind in zip(machines, units, strict=True):
        visible = hidden_mean(machine, visible, kind)
    return visible


def visible_mean(params: Machine, hidden: Array) -> Array:
    """P(v = 1 | h): [B, F] -> [B, D]."""
    return jax.nn.sigmoid(visible_inputs(params, hidden))


class Reconstruction(NamedTuple):
    """The visible units after a Gibbs step: P(v = 1 | h) [B, D], and a sample of it."""

    probabilities: Array
    drawn: Array


def gibbs_step(params: Machine, visible: Array, key: Key, units: Units = BINARY) -> Reconstruction:
    """Draw h from P(h | v), then v from P(v | h): [B, D] -> [B, D].

    >>> machine = {"kernel": jnp.zeros((2, 3)), "bias": jnp.zeros(3)}
    >>> machine["visible_bias"] = jnp.array([50.0, -50.0])
    >>> gibbs_step(machine, jnp.zeros((1, 2)), jax.random.key(0)).drawn.tolist()
    [[1.0, 0.0]]
    """
    hidden_key, visible_key = jax.random.split(key)
    hidden = units.draw(hidden_key, hidden_inputs(params, visible))
    inputs = visible_inputs(params, hidden)
    return Reconstruction(jax.nn.sigmoid(inputs), BINARY.draw(visible_key, inputs))


def gibbs_chain(
    params: Machine, visible: Array, key: Key, steps: int, units: Units = BINARY
) -> Reconstruction:
    """The end of `steps` Gibbs steps that begin at `visible` [B, D].

    Raises:
        InputError: for fewer than one step.
    """
    if steps < 1:
        raise InputError(f"a chain has at least 1 step, not {steps}")

    def body(drawn: Array, step_key: Key) -> tuple[Array, None]:
        return gibbs_step(params, drawn, step_key, units).drawn, None

    keys = jax.random.split(key, steps)
    before, _ = jax.lax.scan(body, visible, keys[:-1])
    return gibbs_step(params, before, keys[-1], units)


def log_pseudo_likelihood(
    params: Machine, visible: Array, place: Array, units: Units = BINARY
) -> Array:
    """D · log P(v_i | all others) at the `place` i [B] of each example: [B, D] -> [B].

    log σ(F(v with v_i turned to 1 − v_i) − F(v)). Its mean over places drawn with equal
    probability is Σ_i log P(v_i | others), a measure that needs no Z. Source: Besag 1975.

    >>> machine = {"kernel": jnp.zeros((2, 3)), "bias": jnp.zeros(3), "visible_bias": jnp.zeros(2)}
    >>> log_pseudo_likelihood(machine, jnp.ones((1, 2)), jnp.array([1]))  # 2 log ½
    Array([-1.3862944], dtype=float32)
    """
    value = jnp.take_along_axis(visible, place[:, None], axis=1)[:, 0]
    turn = 1 - 2 * value
    inputs = hidden_inputs(params, visible)
    turned = inputs + turn[:, None] * params["kernel"][place]
    change = units.log_partition(turned) - units.log_partition(inputs)
    rise = -turn * params["visible_bias"][place] - jnp.sum(change, axis=-1)
    return visible.shape[-1] * jax.nn.log_sigmoid(rise)


def log_partition(params: Machine) -> Array:
    """log Z = log Σ_h exp(c·h + Σ_i log(1 + exp(b_i + (W h)_i))) of binary units: [].

    The sum is over all 2^F states of the hidden units.

    Raises:
        InputError: for more than 20 hidden units.

    >>> machine = {"kernel": jnp.zeros((2, 3)), "bias": jnp.zeros(3), "visible_bias": jnp.zeros(2)}
    >>> round(float(jnp.exp(log_partition(machine))))  # 2⁵ states of weight 1
    32
    """
    count = params["bias"].shape[0]
    if count > MOST_ENUMERATED:
        raise InputError(
            f"{count} hidden units have 2^{count} states, too many to sum over: at most "
            f"{MOST_ENUMERATED}; log_pseudo_likelihood needs no sum"
        )
    states = (jnp.arange(2**count)[:, None] >> jnp.arange(count)[None]) & 1
    hidden = states.astype(params["kernel"].dtype)
    rest = jnp.sum(jax.nn.softplus(visible_inputs(params, hidden)), axis=-1)
    return jax.nn.logsumexp(hidden @ params["bias"] + rest)
