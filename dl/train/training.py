"""What is trained: a state, and the metrics summed since the last record."""

from functools import partial
from typing import Any, NamedTuple

import jax

from dl.data.dataset import DataSpec
from dl.train.fits import zero_training_totals
from dl.train.layout import Layout
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.state import TrainState, first_arguments, first_state, jit_init_state
from dl.types import Array, Metrics


class Training(NamedTuple):
    """The state, and the metrics summed since the last record."""

    state: TrainState
    totals: Metrics


class First(NamedTuple):
    """The training at step 0: a jitted function of seed and hyper-parameters, sums of zero."""

    new_state: Any
    arguments: tuple[Any, dict[str, Array]]
    totals: Metrics

    def make(self, layout: Layout) -> Training:
        """The training on the devices."""
        return Training(layout.make(self.new_state, *self.arguments), layout.put(self.totals))

    def shapes(self) -> Training:
        """Its shapes before it is laid out."""
        return Training(self.new_state.eval_shape(*self.arguments), self.totals)


def start_training(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> Training:
    """The first state, with metrics of zero, on the default device."""
    totals = zero_training_totals(recipe, spec, options)
    return Training(first_state(recipe, spec, options), totals)


def training_shapes(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> Training:
    """The shapes of `start_training`; nothing is compiled or computed."""
    state = jit_init_state(recipe, spec, options).eval_shape(*first_arguments(recipe, options))
    totals = partial(zero_training_totals, recipe, spec, options)
    return Training(state, jax.eval_shape(totals))
