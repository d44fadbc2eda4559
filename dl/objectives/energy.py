"""Contrastive divergence: how restricted Boltzmann machines and stacks of them are trained."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl import metrics
from dl.errors import InputError
from dl.layers.boltzmann import (
    bottom_up,
    free_energy,
    gibbs_chain,
    hidden_mean,
    log_pseudo_likelihood,
    visible_mean,
)
from dl.layers.row_keys import example_keys
from dl.models.given import require_model
from dl.ranges import Range, check_number
from dl.types import (
    PRETRAINING,
    Array,
    Batch,
    BeliefNet,
    Carry,
    Key,
    Metrics,
    ModelState,
    Objective,
    Params,
)


class _Given(NamedTuple):
    """What a machine is trained or evaluated on: inputs of the net [B, D], places [B], chains."""

    params: Params
    visible: Array
    place: Array
    key: Key | None
    carry: Carry


_Values = tuple[dict[str, Array], Carry]


def contrastive_divergence(
    model: BeliefNet, *, steps: int = 1, steps_per_layer: int = 0, draw: bool = False
) -> Objective:
    """Maximum likelihood of a Boltzmann machine with a short Markov chain in the place of p(v).

    The gradient is ∇[F(v) − F(v_k)], v_k held constant: −⟨v h⟩ of the data plus ⟨v h⟩ of the end
    v_k of a chain of k = `steps` Gibbs steps, with h = E[h | v]. Chains begin at the data; those of
    a `persistent` model go on where the step before left them (PCD). v_k are the probabilities
    P(v | h), with `draw` and in persistent chains a sample. In a stack, machine n learns from step
    (n − 1) · `steps_per_layer` on, for that many steps (the last to the end), from what the
    machines below make of the data; these are fixed then (greedy pre-training). `dl.in_turn` is
    the optimizer for this. Calls are counted: where micro-batches are accumulated, each counts.

    Reports `loss`, −Σ_i log P(v_i | all others) in nats, estimated at one place i of each example;
    it is what training lowers, although the gradient is the one above. `squared_error` is that of
    E[v | E[h | v]], `free_energy` is F(v): where it is lower for training than for validation data,
    the machine over-fits. All are those of the machine that learns. `targets` are not used.
    Source: F4; Hinton 2002; persistent: Tieleman 2008; greedy: Hinton, Osindero & Teh 2006.

    Raises:
        InputError: for a model that is no `belief_net`, no step, a stack without `steps_per_layer`.

    >>> import dl
    >>> model = dl.models.belief_net((4,), (3,))
    >>> params, state = model.init(jax.random.key(0), jnp.ones((1, 4)))
    >>> batch = {"inputs": jnp.ones((2, 4)), "mask": jnp.ones(2), "index": jnp.arange(2)}
    >>> sorted(dl.metrics.compute(contrastive_divergence(model)(params, state, batch)[0]))
    ['free_energy', 'loss', 'squared_error']
    """
    _check(model, steps, steps_per_layer)
    layers = range(len(model.machines))
    trained = [partial(_train, model, layer, steps, draw) for layer in layers]
    evaluated = [partial(_evaluate, model, layer) for layer in layers]

    def objective(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]:
        visible = model.visible(batch["inputs"])
        chain_key, place_key = (None, jax.random.key(0)) if key is None else jax.random.split(key)
        places = _places(place_key, batch, train=train)
        given = _Given(params, visible, places, chain_key, carry)
        branches = trained if train else evaluated
        values, carry = _of_layer(branches, model_state, steps_per_layer, given)
        sums: Metrics = {
            name: metrics.from_batch(value, batch["mask"]) for name, value in values.items()
        }
        return sums, jax.tree.map(lambda done: done + int(train), model_state), carry

    objective.__dict__["follows_its_loss"] = False
    return objective


def _of_layer(
    branches: list[Callable[[_Given], _Values]],
    model_state: ModelState,
    steps_per_layer: int,
    given: _Given,
) -> _Values:
    """The values of the machine whose turn it is."""
    if len(branches) == 1:
        return branches[0](given)
    turn = model_state[PRETRAINING]["steps"] // steps_per_layer  # switch takes the last for more
    return jax.lax.switch(turn, branches, given)


def _train(model: BeliefNet, layer: int, steps: int, draw: bool, given: _Given) -> _Values:
    """The values of a machine whose gradient is that of contrastive divergence, and its chains."""
    if given.key is None:
        raise InputError("contrastive divergence draws from a key while training: give key=")
    kept = model.always_carries
    if kept and not given.carry:
        raise InputError(
            "a persistent net learns from chains of the step before: give carry=, at first "
            "model.zero_carry(B), or init_state(..., carried_rows=B)"
        )
    name, units = model.machines[layer], model.units[layer]
    machine, fixed = given.params[name], jax.lax.stop_gradient(given.params)
    data = _inputs_of(model, layer, fixed, given.visible)
    begin = given.carry[name] if kept else data
    end = gibbs_chain(fixed[name], begin, given.key, steps, units)
    model_sample = end.drawn if draw or kept else end.probabilities
    difference = free_energy(machine, data, units) - free_energy(machine, model_sample, units)
    values = _values(model, layer, fixed, data, given.place)
    # The value of the one, with the gradient of the other.
    loss = values["loss"] + difference - jax.lax.stop_gradient(difference)
    carry = {**given.carry, name: end.drawn} if kept else given.carry
    return {**values, "loss": loss}, carry


def _evaluate(model: BeliefNet, layer: int, given: _Given) -> _Values:
    data = _inputs_of(model, layer, given.params, given.visible)
    return _values(model, layer, given.params, data, given.place), given.carry


def _values(
    model: BeliefNet, layer: int, params: Params, data: Array, place: Array
) -> dict[str, Array]:
    machine, units = params[model.machines[layer]], model.units[layer]
    reconstruction = visible_mean(machine, hidden_mean(machine, data, units))
    return {
        "loss": -log_pseudo_likelihood(machine, data, place % data.shape[-1], units),
        "squared_error": jnp.sum((reconstruction - data) ** 2, axis=-1),
        "free_energy": free_energy(machine, data, units),
    }


def _inputs_of(model: BeliefNet, layer: int, params: Params, visible: Array) -> Array:
    """What the machines below `layer` make of the inputs: E[h | v], one after the other."""
    below = [params[name] for name in model.machines[:layer]]
    return bottom_up(below, model.units[:layer], visible)


def _places(key: Key, batch: Batch, *, train: bool) -> Array:
    """A random number for each example [B]; in evaluation always the same for the same example."""
    if train:
        return jax.random.randint(key, batch["mask"].shape, 0, 2**30)
    keys = example_keys(key, batch["index"])
    return jax.vmap(lambda own: jax.random.randint(own, (), 0, 2**30))(keys)


def _check(model: BeliefNet, steps: int, steps_per_layer: int) -> None:
    require_model(model, by="an objective")
    if not isinstance(model, BeliefNet):
        raise InputError(
            f"{model.name} is no Boltzmann machine: make one with dl.models.belief_net, or take "
            "another objective"
        )
    check_number("steps", steps, Range(at_least=1), whole=True)
    check_number("steps_per_layer", steps_per_layer, Range(at_least=0), whole=True)
    if len(model.machines) > 1 and not steps_per_layer:
        raise InputError(
            f"a stack of {len(model.machines)} machines is trained one after the other: give "
            "steps_per_layer"
        )
