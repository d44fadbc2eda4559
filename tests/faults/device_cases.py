"""Four trainings, each on any number of devices in any mode: what the tests of layouts compare."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.tokens import TokenSource
from dl.data.text.vocabulary import Vocabulary
from dl.train.compiled import Compiled, compile_recipe
from dl.train.layout import make_layout
from dl.train.training import Training

BATCH, STEPS = 32, 50
LAYOUTS = [(mode, count) for count in (1, 2, 4, 8) for mode in ("jit", "pmap", "fsdp")]


@dataclass(frozen=True)
class Case:
    """A recipe with its data; `permutes` if its dropout does not tell which row is which."""

    recipe: dl.Recipe
    data: Dataset
    permutes: bool = False


@cache
def pictures(side: int) -> Dataset:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(8 * BATCH, side, side, 1)).astype(np.float32)
    return dl.make_dataset(inputs, rng.integers(0, 10, len(inputs)), validation=0.0)


@cache
def stream() -> Dataset:
    tokens = np.random.default_rng(1).integers(0, 16, BATCH * 6 * 12 + 1).astype(np.uint8)
    source = TokenSource(tokens, 6)
    symbols = Vocabulary("char", tuple("abcdefghijklmnop"))
    spec = DataSpec(
        "stream", "language", (6,), "int32", (), len(source), carried=True, vocabulary=symbols
    )
    return Dataset(spec, source, source, source)


def make_case(name: str) -> Case:
    momentum = dl.optimizers.momentum(0.02)
    if name == "LSTM stream with carry":
        model = dl.models.language_model("lstm", 16, hidden_size=32, dropout=0.2)
        return Case(dl.Recipe(model, dl.objectives.next_symbol(model), momentum), stream())
    if name == "MLP":
        model, data = dl.models.mlp(10, hidden_sizes=(64, 64), dropout=0.3), pictures(12)
    elif name == "LeNet with dropout":
        model = dl.models.lenet(10, features=(4, 8), hidden_size=64, dropout=0.5)
        data = pictures(28)
    else:
        model = dl.models.resnet(18, 10, small=True, features=(8, 8, 16, 32))
        # At a higher rate it is chaotic: in 50 steps rounding grows to a tenth of the parameters.
        momentum, data = dl.optimizers.momentum(0.0005), pictures(12)
    recipe = dl.Recipe(model, dl.objectives.classification(model), momentum)
    return Case(recipe, data, permutes=name.startswith("ResNet"))


CASES = ("MLP", "LeNet with dropout", "ResNet with batch norm", "LSTM stream with carry")


def compiled(case: Case, mode: str, devices: int, accumulate: int = 1) -> Compiled:
    options: Any = dl.TrainOptions(
        epochs=100,
        batch_size=BATCH,
        parallel=mode,  # type: ignore[arg-type]
        devices=devices,
        accumulate=accumulate,
        validation=0.0,
        steps_per_call=10,
    )
    layout = make_layout(mode, devices=devices, batch_size=BATCH)
    return compile_recipe(case.recipe, case.data, options, layout)


def gradient(case: Case, mode: str, devices: int) -> np.ndarray:
    """The gradient of one step in float64: the change of the parameters by SGD at a rate of 1."""
    with jax.enable_x64(True):
        own = replace(case, recipe=case.recipe._replace(optimizer=dl.optimizers.sgd(1.0)))
        made = compiled(own, mode, devices)
        first = made.layout.fetch(made.start(None))
        before = jax.tree.map(_widened, jax.device_get(first))
        # The host has two copies, since the step takes the memory of one.
        after, _ = made.advance(made.start(before), 0, 1)
        return parameters(before) - parameters(made.layout.fetch(after))


def _widened(leaf: Any) -> Any:
    return leaf.astype(np.float64) if jnp.issubdtype(leaf.dtype, np.floating) else leaf


def trained(
    case: Case, mode: str, devices: int, *, accumulate: int = 1, order: Any = None
) -> np.ndarray:
    """The parameters after 50 steps in float32, the rows of each batch in this `order`."""
    made = compiled(case, mode, devices, accumulate)
    if order is not None:
        made = replace(made, _calls=_permuted(made._calls, order))
    training, step = made.start(None), 0
    while step < STEPS:
        end = min(made.plan.call_end(step), STEPS)
        training, _ = made.advance(training, step, end)
        step = end
    return parameters(made.layout.fetch(training))


def _permuted(calls: Any, order: np.ndarray) -> Any:
    def permuted(start: int, end: int) -> Iterator[Any]:
        for number, call in calls(start, end):
            yield number, jax.tree.map(lambda leaf: leaf[:, order], call)

    return permuted


def spread(case: Case) -> np.ndarray:
    """How far apart one device ends [k] when only the order of summation changes, k times.

    The rows of a batch change places where no dropout depends on them; otherwise the batch is
    computed in 2, 4 and 8 parts.
    """
    alone = trained(case, "jit", 1)
    if case.permutes:
        orders = [np.random.default_rng(seed).permutation(BATCH) for seed in range(3)]
        others = [trained(case, "jit", 1, order=order) for order in orders]
    else:
        others = [trained(case, "jit", 1, accumulate=parts) for parts in (2, 4, 8)]
    return np.array([distance(other, alone) for other in others])


def parameters(training: Training) -> np.ndarray:
    """All parameters in one array."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(training.state.params)])


def distance(left: np.ndarray, right: np.ndarray) -> float:
    """‖left − right‖ / ‖right‖."""
    return float(np.linalg.norm(left - right) / np.linalg.norm(right))
