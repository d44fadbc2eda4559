"""Deep and narrow against shallow and wide: the same training from several seeds at once (D10)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl import models, objectives, optimizers
from dl.data.dataset import Dataset
from dl.data.gather import normalize
from dl.data.sources.source import Source
from dl.tables import Table
from dl.train.population import map_population
from dl.train.state import TrainState, init_state
from dl.train.step import make_eval_step, make_train_step
from dl.types import Array, Batch, Model


class Seeds(NamedTuple):
    """The states of S trainings, every leaf [S, ...], and their test accuracies [S]."""

    states: TrainState
    accuracies: np.ndarray


def train_seeds(
    model: Model,
    data: Dataset,
    *,
    seeds: int = 5,
    steps: int = 1000,
    learning_rate: float = 0.01,
) -> Seeds:
    """Adam on the whole training part from `seeds` initialisations, in one compiled program.

    The data have yes-or-no targets (`spirals`, `circles`, `moons`, `xor`). Seed s is that of
    `run --seed s`. Source: C8, D1.

    Raises:
        InputError: for less than one seed.

    >>> import dl
    >>> model = dl.models.mlp(1, hidden_sizes=(8,), activation=jnp.tanh)
    >>> train_seeds(model, dl.load_data("xor"), seeds=2, steps=300, learning_rate=0.05).accuracies
    array([1., 1.], dtype=float32)
    """
    optimizer, objective = optimizers.adam(learning_rate), objectives.binary(model)
    step = make_train_step(objective, optimizer, padded=False)
    train, test = _whole(data.train, data), _whole(data.test, data)

    def fit(state: TrainState, batch: Batch) -> TrainState:
        return jax.lax.scan(lambda state, _: (step(state, batch)[0], None), state, length=steps)[0]

    @jax.jit
    @jax.vmap
    def start(seed: Array) -> TrainState:
        return init_state(model, optimizer, train["inputs"][:1], seed=seed)

    states = map_population(fit, seeds)(start(jnp.arange(seeds)), train)
    evaluate = jax.jit(jax.vmap(make_eval_step(objective), in_axes=(0, None)))
    accuracy = evaluate(states, test)["accuracy"]
    return Seeds(states, np.asarray(accuracy.sum / accuracy.count))


def compare_shapes(
    shapes: Sequence[tuple[int, ...]],
    data: Dataset,
    *,
    activation: Callable[[Array], Array] = jnp.tanh,
    seeds: int = 5,
    steps: int = 1000,
    learning_rate: float = 0.01,
) -> Table:
    """Multilayer perceptrons with these hidden sizes: parameters, and test accuracy over seeds.

    Each shape is one compiled program for all seeds (`train_seeds`). Shapes with about as many
    parameters show what depth adds to width. Source: D10, D11.

    >>> import dl
    >>> data = dl.load_data("xor")
    >>> print(compare_shapes([(8,)], data, seeds=2, steps=300, learning_rate=0.05).text())
    layers  width  parameters     mean  deviation    worst     best
    1           8          33  100.0 %      0.0 %  100.0 %  100.0 %
    """
    rows = []
    for sizes in shapes:
        model = models.mlp(data.spec.classes, hidden_sizes=sizes, activation=activation)
        found = train_seeds(model, data, seeds=seeds, steps=steps, learning_rate=learning_rate)
        parameters = sum(leaf[0].size for leaf in jax.tree.leaves(found.states.params))
        accuracies = found.accuracies.astype(float)
        spread = float(accuracies.std(ddof=1)) if seeds > 1 else None
        rows.append(
            (
                len(sizes),
                max(sizes),
                parameters,
                float(accuracies.mean()),
                spread,
                float(accuracies.min()),
                float(accuracies.max()),
            )
        )
    columns = ("layers", "width", "parameters", "mean", "deviation", "worst", "best")
    shares = ("mean", "deviation", "worst", "best")
    return Table(columns, rows, formats=dict.fromkeys(shares, ".1%"))


def _whole(part: Source, data: Dataset) -> dict[str, Array]:
    """All examples of a part as one batch."""
    inputs = normalize(jnp.asarray(part.inputs), data.spec)
    ones = jnp.ones(len(part), jnp.float32)
    index = jnp.arange(len(part))
    return {"inputs": inputs, "targets": jnp.asarray(part.targets), "mask": ones, "index": index}
