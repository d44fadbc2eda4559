"""The learning-rate range test: a few steps at a rising rate tell which rates are useful."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.data.sources.source import cut_calls
from dl.errors import InputError
from dl.optimizers import with_hyperparams
from dl.ranges import Range, check_number
from dl.tables import Table
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.state import TrainState, first_state
from dl.train.step import make_train_step
from dl.types import Array

_KEPT = 0.9
"""Share of the running mean of the loss that is kept from step to step."""
_DIVERGED = 4.0
"""The test ends when the mean loss is this many times the lowest so far."""


@dataclass(frozen=True)
class RangeTest:
    """Losses of steps whose rate rises by the same factor each time, and the rate to try.

    `losses` [N] are those of single batches before the step, `smoothed` their running mean.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray

    @property
    def steepest(self) -> float:
        """The rate at which the smoothed loss falls fastest, on a logarithmic scale of rates."""
        slope = np.gradient(self.smoothed, np.log(self.rates))
        return float(self.rates[int(np.argmin(slope[: self._lowest() + 1]))])

    @property
    def largest(self) -> float:
        """The rate at which the smoothed loss is lowest; above it training becomes unstable."""
        return float(self.rates[self._lowest()])

    @property
    def proposed(self) -> float:
        """The geometric mean of the steepest and the largest rate."""
        return float(np.sqrt(self.steepest * self.largest))

    def table(self, *, rows: int = 20) -> Table:
        """At most `rows` of the steps, evenly spread."""
        chosen = np.unique(np.linspace(0, len(self.rates) - 1, rows).round().astype(int))
        cells = [
            (int(step), float(self.rates[step]), float(self.smoothed[step])) for step in chosen
        ]
        return Table(
            ("step", "learning_rate", "loss"), cells, {"learning_rate": ".3g", "loss": ".4f"}
        )

    def _lowest(self) -> int:
        return int(np.argmin(self.smoothed))


def range_test(
    recipe: Recipe,
    data: Dataset,
    options: TrainOptions,
    *,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = 100,
    state: TrainState | None = None,
) -> RangeTest:
    """Train `steps` steps at rates from `low` to `high`, each larger by the same factor.

    It trains a copy: a `state` that is given stays as it is; without one a new state is made. The
    optimizer must be one of `dl.optimizers` with a constant schedule, so that the rate is what the
    test says. Source: D3, D8; Smith 2017.

    Raises:
        InputError: for a range or a number of steps that cannot be, and an optimizer without a
            rate of its own.

    >>> import dl
    >>> data, options = dl.load_data("moons"), dl.TrainOptions(batch_size=50)
    >>> model = dl.models.mlp(1, hidden_sizes=(8,))
    >>> recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    >>> found = range_test(recipe, data, options, steps=60)
    >>> 1e-3 < found.proposed < 10
    True
    """
    check_number("low", low, Range(above=0))
    check_number("high", high, Range(above=low))
    check_number("steps", steps, Range(at_least=10), whole=True)
    state = jax.tree.map(jnp.copy, state or first_state(recipe, data.spec, options))
    if not jax.tree.leaves(_rates_in(state)):
        raise InputError(
            "this optimizer has no learning rate that could be changed: take one of dl.optimizers"
        )
    rates = low * (high / low) ** (np.arange(steps) / (steps - 1))
    losses: list[float] = []
    for loss in _losses(recipe, data, options, state, rates):
        losses.append(loss)
        if _has_diverged(losses):
            break
    made = np.array(losses)
    return RangeTest(rates[: len(made)], made, _smoothed(made))


def _losses(recipe: Recipe, data: Dataset, options: TrainOptions, state: TrainState, rates):
    """The loss of each step, as the rate rises."""
    step = make_train_step(recipe.objective, recipe.optimizer, accumulate=options.accumulate)
    gather = make_gather(data.train, data.spec)

    def train(state: TrainState, arrays: dict, indexed, rate: Array):
        opt_state = with_hyperparams(state.opt_state, learning_rate=rate)
        state, sums = step(
            TrainState(**{**vars(state), "opt_state": opt_state}), gather(arrays, indexed)
        )
        return state, sums["loss"].sum / sums["loss"].count

    compiled = jax.jit(train, donate_argnums=0)
    resident = [jax.device_put(arrays) for arrays in data.train.resident()] or [{}]
    calls = data.train.train_calls(
        seed=options.seed, batch_size=options.batch_size, total_steps=len(rates)
    )
    number = 0
    for place, group in calls(0, len(rates)):
        for call in cut_calls(group, room=1, loops=False):
            indexed = jax.tree.map(lambda leaf: leaf[0], call)
            state, loss = compiled(state, resident[place], indexed, rates[number])
            number += 1
            yield float(loss)


def _rates_in(state: TrainState) -> list:
    import optax

    return optax.tree_utils.tree_get_all_with_path(state.opt_state, "learning_rate")


def _smoothed(losses: np.ndarray) -> np.ndarray:
    """Running means m ← k m + (1 − k) loss, divided by 1 − kᵗ."""
    means, mean = [], 0.0
    for number, loss in enumerate(losses, 1):
        mean = _KEPT * mean + (1 - _KEPT) * loss
        means.append(mean / (1 - _KEPT**number))
    return np.array(means)


def _has_diverged(losses: list[float]) -> bool:
    if not np.isfinite(losses[-1]):
        losses.pop()
        return True
    smoothed = _smoothed(np.array(losses))
    return bool(smoothed[-1] > _DIVERGED * smoothed.min())
