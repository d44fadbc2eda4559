"""The learning-rate range test: a few steps at a rising rate tell which rates are useful."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dl.data.dataset import Dataset
from dl.errors import InputError
from dl.optimizers import with_hyperparams
from dl.ranges import Range, check_number
from dl.search.one_step import at_a_constant_rate, batches, make_one_step
from dl.tables import Table
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.state import TrainState, first_state
from dl.types import Array

_WIDTH = 2.0
"""Losses are averaged with those at rates of about this factor more and less."""
_DIVERGED = 3.0
"""A loss that is above the first by this many times its size; larger ones count as this one."""
_IN_A_ROW = 5
"""So many steps in a row with such a loss end the test."""
_PASSED_OVER = 0.1
"""The share of the steps, at the beginning, in which no rate is looked for."""


@dataclass(frozen=True)
class RangeTest:
    """Losses of steps whose rate rises by the same factor each time, and the rate to try.

    `losses` [N] are those of single batches before the step.
    """

    rates: np.ndarray
    losses: np.ndarray

    @property
    def smoothed(self) -> np.ndarray:
        """Losses [N], averaged with weights exp(−½ (Δ ln rate / ln 2)²).

        Such an average looks to both sides; a running mean would lag behind, and show a fall of the
        loss at rates several times too large.
        """
        places = np.log(self.rates) / np.log(_WIDTH)
        weights = np.exp(-0.5 * (places[:, np.newaxis] - places) ** 2)
        capped = np.minimum(self.losses, _diverged_from(self.losses[0]))
        return weights @ capped / weights.sum(axis=1)

    @property
    def steepest(self) -> float:
        """The rate at which the smoothed loss falls fastest, on a logarithmic scale of rates."""
        slope = np.gradient(self.smoothed, np.log(self.rates))
        first, lowest = self._first(), self._lowest()
        return float(self.rates[first + int(np.argmin(slope[first : lowest + 1]))])

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss is lowest; above it training becomes unstable."""
        return float(self.rates[self._lowest()])

    @property
    def proposed(self) -> float:
        """The geometric mean of the rates at which the loss falls fastest and is lowest."""
        return float(np.sqrt(self.steepest * self.lowest))

    def table(self, *, rows: int = 20) -> Table:
        """At most `rows` of the steps, evenly spread."""
        chosen = np.unique(np.linspace(0, len(self.rates) - 1, rows).round().astype(int))
        smoothed = self.smoothed
        cells = [
            (int(step), float(self.rates[step]), float(self.losses[step]), float(smoothed[step]))
            for step in chosen
        ]
        formats = {"learning_rate": ".3g", "loss": ".4f", "smoothed": ".4f"}
        return Table(("step", "learning_rate", "loss", "smoothed"), cells, formats)

    def _first(self) -> int:
        return int(_PASSED_OVER * len(self.rates))

    def _lowest(self) -> int:
        return self._first() + int(np.argmin(self.smoothed[self._first() :]))


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

    It trains a copy: a `state` that is given stays as it is; without one a new state is made. A
    recipe without an optimizer gets that of the options, at a constant rate; an optimizer of its
    own must be one of `dl.optimizers` with a constant schedule, so that the rate is what the test
    says. Source: D3, D8; Smith 2017.

    Raises:
        InputError: for a range or a number of steps that cannot be, an optimizer without a rate
            of its own, and a training that diverges from the beginning.

    >>> import dl
    >>> data, options = dl.load_data("moons"), dl.TrainOptions(batch_size=50)
    >>> model = dl.models.mlp(1, hidden_sizes=(8,))
    >>> recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    >>> found = range_test(recipe, data, options, steps=60)
    >>> 1e-2 < found.steepest < found.proposed < found.lowest < 10
    True
    """
    check_number("low", low, Range(above=0))
    check_number("high", high, Range(above=low))
    check_number("steps", steps, Range(at_least=20), whole=True)
    options = at_a_constant_rate(options)
    options.check_plan(data)
    recipe = options.with_optimizer(recipe, data.spec)
    given = first_state(recipe, data.spec, options) if state is None else state
    own: TrainState = jax.tree.map(jnp.copy, given)
    if not optax.tree_utils.tree_get_all_with_path(own.opt_state, "learning_rate"):
        raise InputError(
            "this optimizer has no learning rate that could be changed: take one of dl.optimizers"
        )
    rates = low * (high / low) ** (np.arange(steps) / (steps - 1))
    losses = _until_diverged(_losses(recipe, data, options, own, rates))
    if len(losses) <= _IN_A_ROW + 1:
        raise InputError(f"training diverges at a learning rate of {low:g}: begin at a lower one")
    return RangeTest(rates[: len(losses)], np.array(losses))


def _losses(
    recipe: Recipe, data: Dataset, options: TrainOptions, state: TrainState, rates: np.ndarray
) -> Iterator[float]:
    """The loss of each step, as the rate rises; the buffers of `state` are given up."""
    one_step = make_one_step(recipe, data, options)

    def train(state: TrainState, rate: Array, arrays: dict, indexed: object) -> tuple:
        opt_state = with_hyperparams(state.opt_state, learning_rate=rate)
        return one_step(replace(state, opt_state=opt_state), arrays, indexed)  # type: ignore[arg-type]

    compiled = jax.jit(train, donate_argnums=0)
    resident = [jax.device_put(arrays or {}) for arrays in data.train.resident()]
    for rate, (number, indexed) in zip(
        rates, batches(data, options, steps=len(rates)), strict=True
    ):
        state, loss = compiled(state, rate, resident[number], indexed)
        yield float(loss)


def _diverged_from(first: float) -> float:
    """Above which loss training has diverged; a log-density as a loss may begin below 0."""
    return first + _DIVERGED * abs(first)


def _until_diverged(losses: Iterator[float]) -> list[float]:
    """The losses up to the first that is not finite, or to several in a row that are too large."""
    kept: list[float] = []
    for loss in losses:
        if not np.isfinite(loss):
            break
        kept.append(loss)
        if min(kept[-_IN_A_ROW:]) > _diverged_from(kept[0]):
            break
    return kept
