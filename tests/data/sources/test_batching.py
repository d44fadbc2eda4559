"""Batches are a pure function of (seed, epoch, step)."""

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings

from dl.data.dataset import DataSpec
from dl.data.gather import make_gather, normalize
from dl.data.sources.arrays import ArraySource
from dl.data.sources.batching import (
    IndexedBatch,
    epoch_order,
    evaluation_batches,
    steps_per_epoch,
    train_batches,
)
from dl.errors import InputError

quick = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 60)


def spec(
    shape: tuple[int, ...],
    dtype: str,
    mean: tuple[float, ...] = (0.0,),
    std: tuple[float, ...] = (1.0,),
) -> DataSpec:
    return DataSpec("made", "classification", shape, dtype, ("a", "b"), 5, mean, std)


@quick
@given(seed=seeds, epoch=st.integers(0, 1000), examples=sizes)
def test_every_epoch_is_a_permutation(seed: int, epoch: int, examples: int) -> None:
    order = epoch_order(seed, epoch, examples)
    assert sorted(order.tolist()) == list(range(examples))
    assert order.dtype == np.int32


def test_the_order_is_fixed_for_ever() -> None:
    # A resumed run asks for the same batches, also after an upgrade: these numbers may never
    # change.
    assert epoch_order(3, 2, 8).tolist() == [7, 6, 4, 5, 1, 0, 3, 2]


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = {
        tuple(epoch_order(seed, epoch, 50).tolist()) for seed in range(5) for epoch in range(5)
    }
    assert len(orders) == 25


def test_the_cached_order_cannot_be_overwritten() -> None:
    with pytest.raises(ValueError, match="read-only"):
        epoch_order(0, 0, 10)[0] = 5


@quick
@given(seed=seeds, examples=sizes, batch_size=sizes, epoch=st.integers(0, 5))
def test_an_epoch_shows_no_example_twice(
    seed: int, examples: int, batch_size: int, epoch: int
) -> None:
    assume(batch_size <= examples)
    steps = steps_per_epoch(examples, batch_size)
    batches = train_batches(
        seed=seed, start=epoch * steps, steps=steps, examples=examples, batch_size=batch_size
    )
    seen = batches.index.ravel().tolist()
    assert len(seen) == steps * batch_size
    assert len(set(seen)) == len(seen)
    assert examples - len(seen) < batch_size
    assert batches.mask.shape == batches.index.shape
    assert batches.mask.min() == 1.0


@quick
@given(
    seed=seeds,
    examples=st.integers(4, 40),
    batch_size=st.integers(1, 4),
    start=st.integers(0, 100),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
)
def test_batches_do_not_depend_on_how_steps_are_grouped(
    seed: int, examples: int, batch_size: int, start: int, lengths: list[int]
) -> None:
    def ask(start: int, steps: int) -> np.ndarray:
        return train_batches(
            seed=seed, start=start, steps=steps, examples=examples, batch_size=batch_size
        ).index

    at_once = ask(start, sum(lengths))
    starts = start + np.cumsum([0, *lengths[:-1]])
    in_groups = np.concatenate([ask(int(s), n) for s, n in zip(starts, lengths, strict=True)])
    np.testing.assert_array_equal(in_groups, at_once)
    # Asked for out of order, one at a time: nothing remembers what was asked before.
    for step in reversed(range(sum(lengths))):
        np.testing.assert_array_equal(ask(start + step, 1)[0], at_once[step])


def test_every_example_is_used_although_each_epoch_drops_some() -> None:
    batches = train_batches(seed=0, start=0, steps=2 * 12, examples=11, batch_size=5)
    assert set(batches.index.ravel().tolist()) == set(range(11))


def test_seeds_and_epochs_give_other_batches() -> None:
    def ask(seed: int, start: int) -> list[int]:
        return (
            train_batches(seed=seed, start=start, steps=1, examples=100, batch_size=10)
            .index.ravel()
            .tolist()
        )

    assert ask(0, 0) != ask(1, 0)
    assert ask(0, 0) != ask(0, 10)
    assert ask(0, 0) == ask(0, 0)


def test_a_batch_larger_than_the_data_is_refused_with_both_numbers() -> None:
    with pytest.raises(InputError, match=r"64.*larger than the 10 training examples"):
        steps_per_epoch(10, 64)
    with pytest.raises(InputError, match=r"64.*larger than the 10 training examples"):
        train_batches(seed=0, start=0, steps=1, examples=10, batch_size=64)
    assert steps_per_epoch(10, 10) == 1


@quick
@given(examples=sizes, batch_size=sizes)
def test_evaluation_sees_every_example_exactly_once(examples: int, batch_size: int) -> None:
    batches = evaluation_batches(examples, batch_size)
    assert batches.index.shape == batches.mask.shape == (-(-examples // batch_size), batch_size)
    assert batches.index[batches.mask == 1].tolist() == list(range(examples))
    assert batches.mask.sum() == examples
    assert set(np.unique(batches.mask)) <= {0.0, 1.0}
    assert (batches.index >= 0).all()
    assert (batches.index < examples).all(), "padding points at a real example, never outside"


def test_gather_selects_inside_a_compiled_function() -> None:
    arrays = {"inputs": jnp.arange(10.0).reshape(5, 2), "targets": jnp.arange(5) * 10}
    gather = jax.jit(make_gather(ArraySource(**arrays), spec((2,), "float32")))
    batch = gather(
        arrays, IndexedBatch(np.array([4, 1, 0], np.int32), np.array([1, 1, 0], np.float32))
    )
    assert batch["inputs"].tolist() == [[8.0, 9.0], [2.0, 3.0], [0.0, 1.0]]
    assert batch["targets"].tolist() == [40, 10, 0]
    assert batch["index"].tolist() == [4, 1, 0]
    assert batch["mask"].tolist() == [1.0, 1.0, 0.0]


def test_normalize_uses_the_moments_of_each_channel() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 3, 3, 2), np.uint8)
    mean, std = (0.4, 0.5), (0.2, 0.25)
    got = normalize(jnp.array(pictures), spec((3, 3, 2), "uint8", mean, std))
    np.testing.assert_allclose(got, (pictures / 255.0 - mean) / std, rtol=1e-5, atol=1e-5)
    assert got.dtype == jnp.float32


@pytest.mark.parametrize(
    ("dtype", "kept"), [("float32", "float32"), ("bool", "float32"), ("int32", "int32")]
)
def test_normalize_does_not_scale_other_inputs_than_pictures(dtype: str, kept: str) -> None:
    inputs = np.array([[0, 1], [1, 0]]).astype(dtype)
    got = normalize(jnp.array(inputs), spec((2,), dtype, (0.5,), (0.1,)))
    assert got.dtype == kept, "numbers become float32, symbols stay whole"
    assert got.tolist() == [[0.0, 1.0], [1.0, 0.0]]
