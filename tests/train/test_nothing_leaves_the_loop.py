"""Nothing crosses between host and devices inside of a compiled call, and no state is kept twice.

Each call is made under `jax.transfer_guard("disallow_explicit")`, which refuses transfers of either
kind, except for the one that the layout makes for it: the batches. A CPU shares its memory with the
host, so that JAX guards only the way to its devices. For the way back, what makes an array NumPy's
or Python's raises here.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import jax
import numpy as np
import pytest
from jax._src.array import ArrayImpl

import dl
from dl import models, objectives
from dl.data.dataset import Dataset
from dl.data.parts import dataset_of_parts
from dl.data.readers.streams import stream_of_text
from dl.data.sources.arrays import ArraySource
from dl.data.sources.streamed import StreamedSource
from dl.data.text.reading import Reading
from dl.train.compiled import Compiled, compile_recipe
from dl.train.layout import Layout
from dl.train.loop import train_loop

STEPS = 5
MOMENTUM = dl.optimizers.momentum(0.1)


class InMemory(StreamedSource):
    """A streamed source whose pictures are black, and nowhere stored."""

    def _decode(self, index: np.ndarray, boxes: Any) -> dict[str, np.ndarray]:
        labels = self.index[index] % self.classes
        return {
            "inputs": np.zeros((len(index), *self.shape), np.uint8),
            "targets": labels.astype(np.int32),
        }


def pictures() -> tuple[dl.Recipe, Dataset]:
    """A perceptron with a penalty, on arrays that lie on the device."""
    model = models.mlp(2, hidden_sizes=(4,))
    labels = np.arange(24, dtype=np.int32) % 2
    part = ArraySource(np.zeros((24, 3, 3, 1), np.uint8), labels)
    data = dataset_of_parts("tiny", part, part, class_names=("a", "b"), validation=0.0)
    return dl.Recipe(model, objectives.classification(model), MOMENTUM), data


def streamed() -> tuple[dl.Recipe, Dataset]:
    """The same perceptron on pictures that are read while they are used."""
    recipe, data = pictures()
    parts = [InMemory(None, (3, 3, 1), 2, np.arange(24)) for _ in range(2)]  # type: ignore[arg-type]
    return recipe, Dataset(data.spec, parts[0], None, parts[1])


def text() -> tuple[dl.Recipe, Dataset]:
    """An LSTM on a stream, whose state goes on from one step to the next."""
    data = stream_of_text("tiny", "abcd" * 60, None, "abcd" * 9, reading=Reading(segment=6))
    model = models.language_model("lstm", len("abcd") + 1, hidden_size=5)
    return dl.Recipe(model, objectives.next_symbol(model), dl.optimizers.adam(0.01)), data


KINDS = {
    "pictures": (pictures, {"index", "mask"}),
    "streamed": (streamed, {"index", "mask", "inputs", "targets"}),
    "text": (text, {"index", "mask", "fresh"}),
}


@contextlib.contextmanager
def nothing_crosses(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Refuse transfers in both directions but that of batches; gives the names of their arrays."""
    put_batches, names = Layout.put_batches, set()

    def put(layout: Layout, indexed: Any) -> Any:
        paths = jax.tree.leaves_with_path(indexed)
        names.update(
            str(getattr(path[-1], "name", getattr(path[-1], "key", ""))) for path, _ in paths
        )
        assert all(isinstance(leaf, np.ndarray) for _, leaf in paths)
        with jax.transfer_guard("allow"):
            return put_batches(layout, indexed)

    def refuse(array: Any) -> Any:
        raise AssertionError(f"an array {array.shape} is read back inside of a call")

    with monkeypatch.context() as patched, jax.transfer_guard("disallow_explicit"):
        patched.setattr(Layout, "put_batches", put)
        patched.setattr(ArrayImpl, "_value", property(refuse))
        for name in ("asarray", "array"):  # which read the memory of a CPU's arrays directly
            patched.setattr(np, name, unless_of_jax(getattr(np, name), refuse))
        yield names


def unless_of_jax(make: Callable, refuse: Callable) -> Callable:
    """`make` for everything but arrays on a device."""
    return lambda x, *rest, **named: (
        refuse(x) if isinstance(x, ArrayImpl) else make(x, *rest, **named)
    )


@cache
def compiled_for(kind: str, parallel: str = "jit", devices: int = 1) -> Compiled:
    recipe, data = KINDS[kind][0]()
    options = dl.TrainOptions(batch_size=4, epochs=4, validation=0.0, log_every=100)
    layout = dl.train.layout.make_layout(parallel, devices=devices, batch_size=4)
    return compile_recipe(recipe, data, options, layout, steps_per_call=STEPS)


def buffers(tree: Any) -> list[int]:
    """The address of every array of `tree`, on every device."""
    numbers = [leaf for leaf in jax.tree.leaves(tree) if not is_key(leaf)]
    return sorted(
        part.data.unsafe_buffer_pointer() for leaf in numbers for part in leaf.addressable_shards
    )


def is_key(leaf: Any) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


@pytest.mark.parametrize(
    ("kind", "parallel", "devices"),
    [
        ("pictures", "jit", 1),
        ("streamed", "jit", 1),
        ("text", "jit", 1),
        pytest.param("pictures", "pmap", 2, marks=pytest.mark.slow),
        pytest.param("text", "pmap", 2, marks=pytest.mark.slow),
        pytest.param("streamed", "jit", 2, marks=pytest.mark.slow),
    ],
)
def test_calls_take_batches_alone_and_leave_the_state_where_it_was(
    kind: str, parallel: str, devices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compiled_for(kind, parallel, devices)
    ends = [0, STEPS, 2 * STEPS, 3 * STEPS]
    training, _ = compiled.advance(compiled.start(None), *ends[:2])
    before, places = jax.tree.leaves(training), buffers(training)
    with nothing_crosses(monkeypatch) as names:
        for start, end in pairwise(ends[1:]):
            training, ticket = compiled.advance(training, start, end)
    assert names == KINDS[kind][1]
    jax.block_until_ready(ticket)
    assert all(leaf.is_deleted() for leaf in before)
    assert buffers(training) == places, "the new state has the memory of the one before"
    assert compiled.step_of(training) == ends[-1]


def test_the_way_back_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    array = jax.numpy.arange(3.0)
    with nothing_crosses(monkeypatch):
        for read in (jax.device_get, np.asarray, np.array, ArrayImpl.tolist, str):
            with pytest.raises(AssertionError, match="read back"):
                read(array)
        with pytest.raises(Exception, match="Disallowed host-to-device"):
            jax.device_put(np.zeros(3))
    assert np.asarray(array).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_makes_no_transfer_that_is_not_asked_for(kind: str) -> None:
    """Records, the check of the state and its reset between two calls included."""
    compiled = compiled_for(kind)
    training = compiled.start(None)
    compiled.step_of(training)
    with jax.transfer_guard("disallow"):
        training, records = train_loop(compiled, training, validates=False)
    assert [record.split for record in records] == ["train"] * len(records) != []
    assert compiled.step_of(training) == compiled.plan.total_steps
