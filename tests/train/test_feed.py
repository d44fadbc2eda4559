"""Feeds: streamed batches are those of a resident part, sequences come by buckets, streams of
symbols in order.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.data.sources.batching import evaluation_batches, train_batches
from dl.data.sources.ragged import RaggedSource, ragged_source
from dl.data.sources.source import NO_STEP, Source, cut_calls
from dl.data.sources.streamed import StreamedSource
from dl.data.sources.tokens import TokenSource

OPTIONS = dl.TrainOptions(epochs=3, batch_size=4, seed=7, validation=0.2, devices=1)


def train_calls(source: Source, *, rows: int, loops: bool, end: int) -> Any:
    """The calls of training on `source`, as they are cut for a compiled function."""
    batches = source.train_calls(seed=OPTIONS.seed, batch_size=4, total_steps=end)

    def calls(start: int, end: int) -> Any:
        for number, group in batches(start, end):
            for call in cut_calls(group, room=rows, loops=loops):
                yield number, call

    return calls


@dataclass(frozen=True)
class Undrawn(StreamedSource):
    """A streamed source over arrays, whose training examples are not cropped but noted."""

    whole: Any = None

    def _decode(self, index: np.ndarray, boxes: Any) -> dict[str, np.ndarray]:
        return self.whole.gather(self.index[index])


def pictures(count: int) -> ArraySource:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 2, count).astype(np.int32)
    ground = (80 + 90 * labels)[:, None, None, None]
    return ArraySource(
        np.clip(draw.normal(ground, 40, (count, 5, 5, 1)), 0, 255).astype(np.uint8), labels
    )


def streamed(source: Any) -> Undrawn:
    return Undrawn(None, (5, 5, 1), 2, np.arange(len(source)), whole=source)


def resident() -> Dataset:
    return dataset_of_parts(
        "tiny", pictures(25), pictures(10), class_names=("a", "b"), validation=0.2
    )


def the_same_streamed() -> Dataset:
    data = resident()
    return Dataset(
        data.spec, *(streamed(part) for part in (data.train, data.validation, data.test))
    )


@pytest.mark.parametrize("start", [0, 3, 13])
def test_streamed_batches_are_the_indexed_ones(start: int) -> None:
    source = pictures(17)
    feed = train_calls(streamed(source), rows=1, loops=False, end=16)
    for step, (which, rows) in enumerate(feed(start, 16), start):
        assert which == 0
        expected = train_batches(seed=7, start=step, steps=1, examples=17, batch_size=4)
        np.testing.assert_array_equal(rows.index, expected.index)
        np.testing.assert_array_equal(rows.mask, expected.mask)
        np.testing.assert_array_equal(rows.examples["inputs"], source.inputs[expected.index])
        np.testing.assert_array_equal(rows.examples["targets"], source.targets[expected.index])


def test_evaluation_sees_every_example_once_and_can_be_repeated() -> None:
    calls = streamed(pictures(10)).evaluation_calls(batch_size=4)
    expected = evaluation_batches(10, 4)
    for _ in range(2):
        rows = list(calls())
        np.testing.assert_array_equal(np.concatenate([row.index for row in rows]), expected.index)
        np.testing.assert_array_equal(np.concatenate([row.mask for row in rows]), expected.mask)
        assert all(row.examples["inputs"].shape == (1, 4, 5, 5, 1) for row in rows)


def test_a_batch_that_brings_its_examples_is_gathered_to_the_same() -> None:
    data = resident()
    batch = train_batches(seed=0, start=0, steps=1, examples=20, batch_size=4)
    row = jax.tree.map(lambda leaf: leaf[0], batch)
    gather = make_gather(data.train, data.spec)
    whole = jax.jit(gather)(*data.train.resident(), row)
    brought = jax.jit(gather)({}, row._replace(examples=data.train.gather(row.index)))
    assert streamed(data.train).resident() == [{}]
    assert set(whole) == set(brought)
    for name in whole:
        np.testing.assert_array_equal(whole[name], brought[name])


def sequences(count: int, *, seed: int = 0) -> RaggedSource:
    """Sequences of several lengths, each of its own number."""
    lengths = np.random.default_rng(seed).integers(1, 12, count)
    return ragged_source(
        [np.full(length, i + 1, np.int32) for i, length in enumerate(lengths)], np.arange(count)
    )


def example_rows(
    feed: Any, arrays: list[dict[str, np.ndarray]], start: int, end: int
) -> list[np.ndarray]:
    """What the steps from `start` to `end` see of a part, and nothing of the rows that are no
    steps.
    """
    steps = []
    for bucket, call in feed(start, end):
        real = call.index[:, 0] != NO_STEP
        steps += [arrays[bucket]["inputs"][index] for index in call.index[real]]
        assert (call.mask[~real] == 0).all()
    return steps


@pytest.mark.parametrize("loops", [True, False])
def test_batches_of_a_bucket_are_one_call_and_calls_have_one_shape_a_bucket(loops: bool) -> None:
    source = sequences(33)
    arrays = source.resident()
    feed = train_calls(source, rows=6, loops=loops, end=16)
    seen = example_rows(feed, arrays, 0, 6) + example_rows(feed, arrays, 6, 8)
    drawn = source.batches(seed=7, start=0, steps=8, batch_size=4)
    for left, (bucket, right) in zip(seen, drawn, strict=True):
        np.testing.assert_array_equal(left, arrays[bucket]["inputs"][right.index[0]])
    calls = [
        (bucket, call.index.shape)
        for start in range(0, 30, 3)
        for bucket, call in feed(start, start + 3)
    ]
    assert {shape for _, shape in calls} == {(6 if loops else 1, 4)}
    assert (
        len({arrays[bucket]["inputs"].shape for bucket, _ in calls})
        <= len(arrays)
        == len(source.widths)
        == 4
    )


def test_evaluation_reads_every_sequence_once_in_few_shapes() -> None:
    source = sequences(33)
    rows = list(source.evaluation_calls(batch_size=4)())
    mask = np.concatenate([row.mask.ravel() for row in rows])
    targets = np.concatenate([row.examples["targets"].ravel() for row in rows])
    assert sorted(targets[mask == 1].tolist()) == list(range(33))
    assert len({row.examples["inputs"].shape for row in rows}) <= len(source.widths)
    for row in rows:
        lengths = row.examples["lengths"][0]
        np.testing.assert_array_equal((row.examples["inputs"][0] > 0).sum(axis=1), lengths)


@pytest.mark.parametrize("loops", [True, False])
def test_segments_come_in_order_however_many_a_call_takes(loops: bool) -> None:
    source = TokenSource(np.arange(60, dtype=np.uint8), 3)
    (arrays,) = source.resident()
    assert arrays["tokens"] is source.tokens
    feed = train_calls(source, rows=5, loops=loops, end=8)
    calls = [call for start, end in ((0, 2), (2, 4), (4, 8)) for _, call in feed(start, end)]
    expected = source.batches(seed=7, start=0, steps=8, batch_size=4)
    index, fresh = (
        np.concatenate([getattr(call, name) for call in calls]) for name in ("index", "fresh")
    )
    real = index[:, 0] != NO_STEP
    np.testing.assert_array_equal(index[real], expected.index)
    np.testing.assert_array_equal(fresh[real], expected.fresh)


@pytest.mark.parametrize(
    ("parallel", "devices"),
    [
        ("pmap", 2),
        pytest.param("jit", 1, marks=pytest.mark.slow),
        pytest.param("jit", 4, marks=pytest.mark.slow),
    ],
)
def test_training_on_a_stream_is_training_on_the_whole(parallel: Any, devices: int) -> None:
    model = dl.models.mlp(2, hidden_sizes=(3,))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.momentum(0.1))
    options = dl.TrainOptions(
        epochs=2, batch_size=4, devices=devices, parallel=parallel, log_every=2
    )
    whole, stream = (
        dl.fit(recipe, data, options, progress=False) for data in (resident(), the_same_streamed())
    )
    for left, right in zip(
        jax.tree.leaves(whole.state.params), jax.tree.leaves(stream.state.params), strict=True
    ):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)
    assert [record.step for record in stream.history] == [record.step for record in whole.history]
    for left, right in zip(whole.history, stream.history, strict=True):
        assert left.values == pytest.approx(right.values, rel=1e-5)
    assert jnp.isfinite(jnp.asarray(stream.history[-1].values["loss"]))


def fit_streamed(**changes: Any) -> dl.Trained:
    model = dl.models.mlp(2, hidden_sizes=(3,))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.momentum(0.1))
    options = dl.TrainOptions(epochs=2, batch_size=4, devices=1, log_every=2, **changes)
    return dl.fit(recipe, the_same_streamed(), options, progress=False)


def test_batches_read_ahead_change_no_result_and_waiting_is_a_share() -> None:
    few, many = fit_streamed(prefetch=1), fit_streamed(prefetch=7)
    for left, right in zip(*(jax.tree.leaves(fit.state) for fit in (few, many)), strict=True):
        assert jnp.array_equal(left, right)
    shares = [record.waiting for record in few.history if record.split == "train"]
    assert shares
    assert all(share is not None and 0 <= share <= 1 for share in shares)
    assert all(record.waiting is None for record in few.history if record.split != "train")
