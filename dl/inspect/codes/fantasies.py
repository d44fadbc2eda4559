"""Pictures that a Boltzmann machine or a deep belief net makes up ("fantasies", Hinton 2006)."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.trained import Trained, prepare
from dl.layers.boltzmann import BINARY, gibbs_chain, hidden_mean, visible_inputs, visible_mean
from dl.ranges import Range, check_number
from dl.types import Array, BeliefNet, Key, Params


def fantasies(
    trained: Trained,
    key: Key,
    *,
    chains: int = 16,
    steps: int = 1000,
    start: np.ndarray | Array | None = None,
) -> np.ndarray:
    """Pictures drawn from a `belief_net`: probabilities of each pixel [N, ...], from 0 to 1.

    Each chain makes `steps` Gibbs steps in the uppermost machine; then every layer below is drawn
    from the one above, and of the pixels P(v | h) is given. Chains begin at what the layers below
    make of the raw inputs `start` [N, ...], or else at random bits. A net whose chains began at the
    data (CD-1) has never seen where long ones lead: few steps from a `start` show what it learned,
    or training with `persistent` chains. Source: F4; Hinton, Osindero & Teh 2006, section 6.

    Raises:
        InputError: for another model, no chain or no step.

    >>> import dl
    >>> model = dl.models.belief_net((3, 2, 1), (5, 4))
    >>> network = dl.Network(model, *model.init(jax.random.key(0), jnp.zeros((1, 3, 2, 1))))
    >>> fantasies(network, jax.random.key(1), chains=7, steps=10).shape
    (7, 3, 2, 1)
    """
    model = trained.model
    if not isinstance(model, BeliefNet):
        raise InputError(
            f"{model.name} is no Boltzmann machine and draws no pictures: give a belief_net"
        )
    check_number("chains", chains, Range(at_least=1), whole=True)
    check_number("steps", steps, Range(at_least=1), whole=True)
    start_key, key = jax.random.split(key)
    top = trained.params[model.machines[-1]]["visible_bias"].shape
    begin = jax.random.bernoulli(start_key, 0.5, (chains, *top)).astype(jnp.float32)
    if start is not None:
        begin = below_the_top(model, trained.params, prepare(trained, start))
    pixels = np.asarray(_draw_compiled(model, trained.params, begin, key, steps))
    code = jnp.zeros((1, *trained.params[model.machines[-1]]["bias"].shape))
    pictures = jax.eval_shape(model.decode, trained.params, code)
    return pixels.reshape(-1, *pictures.shape[1:])


def below_the_top(model: BeliefNet, params: Params, inputs: Array) -> Array:
    """E[h | v] of the layer below the uppermost machine, upwards from inputs [B, ...]: [B, D]."""
    visible = model.visible(inputs)
    for name, units in zip(model.machines[:-1], model.units, strict=False):
        visible = hidden_mean(params[name], visible, units)
    return visible


def draw_pixels(model: BeliefNet, params: Params, start: Array, key: Key, steps: int) -> Array:
    """P(v | h) of the pixels [N, D] after `steps` Gibbs steps at the top, from `start` [N, F]."""
    *below, top = model.machines
    keys = jax.random.split(key, len(model.machines))
    end = gibbs_chain(params[top], start, keys[-1], steps, model.units[-1])
    drawn, probabilities = end.drawn, end.probabilities
    for name, own in zip(below[::-1], keys, strict=False):
        probabilities = visible_mean(params[name], drawn)
        drawn = BINARY.draw(own, visible_inputs(params[name], drawn))
    return probabilities


@partial(jax.jit, static_argnames=("model", "steps"))
def _draw_compiled(model: BeliefNet, params: Params, start: Array, key: Key, steps: int) -> Array:
    return draw_pixels(model, params, start, key, steps)
