"""The largest batch whose training step fits into the memory of a device."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from dl.data.dataset import Dataset
from dl.errors import InputError
from dl.jaxprs import equations
from dl.ranges import Range, check_number
from dl.search.one_step import at_a_constant_rate, batches, make_one_step
from dl.tables import Table
from dl.train.memory import memory_of, size_in_bytes
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.state import first_arguments, jit_init_state
from dl.types import PyTree

_FINENESS = 8
"""The largest size that fits is found to within one part in so many."""


@dataclass(frozen=True)
class BatchSizes:
    """The batch sizes that were looked at, with the bytes that a training step needs for each."""

    needed: dict[int, int]
    memory: int
    """The bytes that the device has."""
    most: int
    """The largest batch that the training part allows."""

    @property
    def largest(self) -> int:
        """The largest of them that fits.

        Raises:
            InputError: when none does.
        """
        fitting = [size for size, needed in self.needed.items() if needed <= self.memory]
        if not fitting:
            size, needed = min(self.needed.items())
            raise InputError(
                f"a step on a batch of {size} needs {needed / 2**20:,.3f} MiB, and the memory is "
                f"{self.memory / 2**20:,.3f} MiB: make the model smaller"
            )
        return max(fitting)

    @property
    def takes_all(self) -> bool:
        """Whether the largest batch that the training part allows fits."""
        return self.largest == self.most

    def table(self) -> Table:
        """Batch size, the memory of a step in MiB, and whether it fits."""
        rows = [
            (size, needed / 2**20, "yes" if needed <= self.memory else "no")
            for size, needed in sorted(self.needed.items())
        ]
        return Table(("batch_size", "MiB", "fits"), rows, {"MiB": ",.2f"})


def largest_batch(
    recipe: Recipe, data: Dataset, options: TrainOptions, *, memory: int | None = None
) -> BatchSizes:
    """Which batch sizes fit into `memory` bytes of one device; None means all that it has.

    Steps are compiled and never run, and nothing is allocated. Beginning at the batch size of the
    options, sizes are doubled until one does not fit (or halved until one does), and then the
    interval is halved until it is an eighth of the smaller one. What a step needs is what the
    compiled program says: arguments, results and what lies between them, with the data that stay
    on the device. Another program on the device needs memory too, so leave some.

    Raises:
        InputError: for options that do not fit the data, and when the memory is not known.

    >>> import dl
    >>> data, options = dl.load_data("moons"), dl.TrainOptions(batch_size=500)
    >>> model = dl.models.mlp(1, hidden_sizes=(64,))
    >>> recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    >>> largest_batch(recipe, data, options, memory=10**9).largest
    1000
    """
    options = at_a_constant_rate(options)
    options.check_plan(data)
    recipe = options.with_optimizer(recipe, data.spec)
    available = memory_of(jax.devices()[0]) if memory is None else memory
    if available is None:
        raise InputError("how much memory this device has is not known: give memory in bytes")
    check_number("memory", available, Range(at_least=1), whole=True)
    unit, most = options.accumulate, data.spec.train_size
    needed: dict[int, int] = {}

    def fits(units: int) -> bool:
        size = units * unit
        if size not in needed:
            needed[size] = step_memory(recipe, data, replace(options, batch_size=size))
        return needed[size] <= available

    _look(fits, start=options.batch_size // unit, most=most // unit)
    return BatchSizes(needed, available, most // unit * unit)


def _look(fits: Callable[[int], bool], *, start: int, most: int) -> None:
    """Ask about sizes: by doubling or halving, then by bisection to an eighth."""
    good, bad = 0, most + 1
    size = start
    while good < size < bad:
        if fits(size):
            good, size = size, min(2 * size, most)
        else:
            bad, size = size, size // 2 if size // 2 > good else (good + size) // 2
    while bad - good > max(1, good // _FINENESS) and good:
        middle = (good + bad) // 2
        if fits(middle):
            good = middle
        else:
            bad = middle


def step_memory(recipe: Recipe, data: Dataset, options: TrainOptions) -> int:
    """The bytes that one training step with these options needs on a single device."""
    step = make_one_step(recipe, data, options)
    init = jit_init_state(recipe, data.spec, options)
    state = init.eval_shape(*first_arguments(recipe, options))
    *others, widest = data.train.resident()  # of sequences of several lengths the longest
    _, indexed = next(batches(data, options, steps=1))
    arguments = (state, _shapes(widest), _shapes(indexed))
    stats = _compiled_stats(step, arguments)
    beside = size_in_bytes(_shapes(others))
    if stats is None:
        return beside + size_in_bytes(arguments) + _between(step, arguments)
    results = stats.output_size_in_bytes - stats.alias_size_in_bytes
    return int(beside + stats.argument_size_in_bytes + results + stats.temp_size_in_bytes)


def _compiled_stats(step: Callable, arguments: PyTree) -> Any:
    """What the compiled program says of its memory; None where it says nothing."""
    compiled = jax.jit(step, donate_argnums=0).lower(*arguments).compile()
    try:
        return compiled.memory_analysis()
    except (NotImplementedError, jax.errors.JaxRuntimeError):
        return None


def _between(step: Callable, arguments: PyTree) -> int:
    """The bytes of all that is computed: more than lies in memory at any one moment."""
    jaxpr, platform = jax.make_jaxpr(step)(*arguments).jaxpr, jax.default_backend()
    results = (each.outvars for each in equations(jaxpr, platform=platform))
    return sum(size_in_bytes([variable.aval for variable in each]) for each in results)


def _shapes(arrays: PyTree) -> PyTree:
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), np.asarray(leaf).dtype), arrays
    )
