"""Pictures that a Boltzmann machine or a deep belief net makes up ("fantasies", Hinton 2006)."""

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.trained import Trained, prepare
from dl.layers.boltzmann import BINARY, bottom_up, gibbs_chain, visible_inputs, visible_mean
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
    from the one above, and of the pixels P(v | h) is given. There are N = `chains`, which begin at
    random bits; or one for each of the raw inputs `start` [N, ...], which begins at what the layers
    below make of it. A net whose chains began at the data (CD-1) has never seen where long ones
    lead. Few steps from a `start` show what it learned; one that was trained with `persistent`
    chains can be drawn from at length. Source: F4; Hinton, Osindero & Teh 2006, section 6.

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
    if start is None:
        top = trained.params[model.machines[-1]]["visible_bias"].shape
        begin = jax.random.bernoulli(start_key, 0.5, (chains, *top)).astype(jnp.float32)
    else:
        begin = below_the_top(model, trained.params, prepare(trained, start))
    pixels = np.asarray(_draw_compiled(model, trained.params, begin, key, steps))
    code = jnp.zeros((1, *trained.params[model.machines[-1]]["bias"].shape))
    pictures = jax.eval_shape(model.decode, trained.params, code)
    return pixels.reshape(-1, *pictures.shape[1:])


def below_the_top(model: BeliefNet, params: Params, inputs: Array) -> Array:
    """E[h | v] of the layer below the uppermost machine, upwards from inputs [B, ...]: [B, D]."""
    below = [params[name] for name in model.machines[:-1]]
    return bottom_up(below, model.units[:-1], model.visible(inputs))


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


_draw_compiled = jax.jit(draw_pixels, static_argnames=("model", "steps"))
