"""Sequences of several lengths: padding, buckets, and the order of their batches."""

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from dl.data.dataset import DataSpec
from dl.data.gather import make_gather
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.ragged import RaggedSource, ragged_source, with_common_widths
from dl.data.split import split_validation
from dl.errors import InputError

quick = settings(max_examples=30, deadline=None)
lengths = st.lists(st.integers(1, 12), min_size=1, max_size=40)


def numbered(lengths: list[int], *, buckets: int = 4, step_targets: bool = False) -> RaggedSource:
    """Sequence i holds i + 1 as often as it is long; its target is 10 i, or at every step its
    negative.
    """
    inputs = [np.full(length, number + 1, np.int32) for number, length in enumerate(lengths)]
    targets = [-one for one in inputs] if step_targets else np.arange(len(lengths)) * 10
    return ragged_source(inputs, targets, buckets=buckets)


@quick
@given(lengths, st.integers(1, 6), st.booleans())
def test_padded_rows_are_the_sequences(
    lengths: list[int], buckets: int, step_targets: bool
) -> None:
    source = numbered(lengths, buckets=buckets, step_targets=step_targets)
    assert source.lengths.tolist() == sorted(lengths)
    for place, length in enumerate(source.lengths):
        number = source.inputs[place, 0] - 1
        assert length == lengths[number]
        assert source.inputs[place].tolist() == [number + 1] * length + [0] * (
            source.inputs.shape[1] - length
        )
        if step_targets:
            np.testing.assert_array_equal(source.targets[place], -source.inputs[place])
        else:
            assert source.targets[place] == 10 * number


@quick
@given(lengths, st.integers(1, 6))
def test_widths_are_lengths_with_about_equally_many_sequences_between(
    lengths: list[int], buckets: int
) -> None:
    source = numbered(lengths, buckets=buckets)
    assert 1 <= len(source.widths) <= buckets
    assert set(source.widths) <= set(lengths)
    assert source.widths[-1] == max(lengths)
    assert source.fitting[-1] == len(source)
    if len(set(lengths)) == len(lengths) and len(lengths) % buckets == 0:
        assert np.diff((0, *source.fitting)).tolist() == [len(lengths) // buckets] * buckets


@quick
@given(lengths, st.integers(1, 5), st.integers(0, 3))
def test_an_epoch_reads_full_batches_and_no_sequence_twice(
    lengths: list[int], batch_size: int, epoch: int
) -> None:
    source = numbered(lengths)
    batch_size = min(batch_size, len(source))
    in_epoch = len(source) // batch_size
    batches = source.batches(seed=1, start=epoch * in_epoch, steps=in_epoch, batch_size=batch_size)
    seen = np.concatenate([rows.index.ravel() for _, rows in batches])
    assert len(set(seen.tolist())) == len(seen) == in_epoch * batch_size
    for bucket, rows in batches:
        assert rows.index.shape == rows.mask.shape == (1, batch_size)
        assert (rows.mask == 1).all()
        assert source.lengths[rows.index].max() <= source.widths[bucket]
        assert rows.index.max() < len(source.resident()[bucket]["lengths"])


@quick
@given(lengths, st.integers(1, 5), st.integers(0, 9), st.integers(1, 9))
def test_batches_are_a_function_of_seed_and_step_alone(
    lengths: list[int], batch_size: int, start: int, steps: int
) -> None:
    source, batch_size = numbered(lengths), min(batch_size, len(lengths))
    whole = source.batches(seed=1, start=start, steps=steps, batch_size=batch_size)
    for step in reversed(range(steps)):
        ((bucket, rows),) = source.batches(
            seed=1, start=start + step, steps=1, batch_size=batch_size
        )
        assert bucket == whole[step][0]
        np.testing.assert_array_equal(rows.index, whole[step][1].index)


def test_most_batches_have_one_bucket_and_leftovers_go_to_the_next() -> None:
    source = numbered([1] * 10 + [2] * 10 + [3] * 10 + [4] * 10)
    assert source.widths == (1, 2, 3, 4)
    buckets = [bucket for bucket, _ in source.batches(seed=0, start=0, steps=10, batch_size=4)]
    assert sorted(buckets) == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]
    assert buckets != sorted(buckets), "widths come in a random order"


def test_seeds_and_epochs_give_other_batches() -> None:
    source = numbered([3] * 30)

    def first(seed: int, epoch: int) -> list[int]:
        return (
            source.batches(seed=seed, start=epoch * 3, steps=1, batch_size=10)[0][1]
            .index.ravel()
            .tolist()
        )

    assert len({tuple(first(seed, epoch)) for seed in range(2) for epoch in range(2)}) == 4


def test_batches_are_cut_to_the_narrowest_width() -> None:
    source = numbered([1, 1, 2, 5], buckets=2, step_targets=True)
    assert source.widths == (1, 5)
    narrow, wide = source.gather(np.array([0, 1])), source.gather(np.array([1, 2]))
    assert narrow["inputs"].tolist() == [[1], [2]]
    assert wide["inputs"].tolist() == [[2, 0, 0, 0, 0], [3, 3, 0, 0, 0]]
    assert wide["targets"].tolist() == [[-2, 0, 0, 0, 0], [-3, -3, 0, 0, 0]]
    assert wide["lengths"].tolist() == [1, 2]
    assert source.resident()[0]["inputs"].tolist() == [[1], [2]]
    assert source.resident()[1]["inputs"].shape == source.resident()[1]["targets"].shape == (4, 5)


def test_targets_as_wide_as_the_inputs_are_not_step_targets() -> None:
    source = ragged_source([np.ones(1), np.ones(3)], np.arange(6).reshape(2, 3), buckets=2)
    assert source.gather(np.array([0]))["targets"].tolist() == [[0, 1, 2]]


@pytest.mark.parametrize(("longest", "widths"), [(3, (2, 4)), (4, (2, 4)), (6, (2, 6))])
def test_parts_are_evaluated_at_the_widths_of_the_training_part(
    longest: int, widths: tuple[int, ...]
) -> None:
    train = ragged_source([np.ones(2), np.ones(4)], np.zeros(2))
    test = ragged_source([np.ones(1), np.ones(longest)], np.zeros(2))
    both = with_common_widths(train, test)
    assert [source.widths for source in both] == [(2, 4), widths], (
        "what is trained on is no wider for a test part"
    )
    for source, last in zip(both, (4, longest), strict=True):
        assert source.gather(np.array([0]))["inputs"].shape == (1, 2)
        wide = source.gather(np.array([1]))["inputs"]
        assert wide.tolist() == [[1] * last + [0] * (wide.shape[1] - last)]
        assert wide.shape[1] in source.widths


def test_padding_counts_neither_as_an_example_nor_as_a_step() -> None:
    source = numbered([1, 3], step_targets=True)
    spec = DataSpec("n", "language", (3,), "int32", (), 2, ragged=True)
    labelled_spec = DataSpec("n", "classification", (3,), "int32", ("a", "b"), 2, ragged=True)
    padded = IndexedBatch(
        np.array([1, 0, 0]), np.array([1, 1, 0], np.float32), examples=source.gather([1, 0, 0])
    )
    batch = make_gather(source, spec)({}, padded)
    assert batch["mask"].tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 0]]
    assert batch["inputs"].lengths.tolist() == [3, 1, 1]
    assert batch["inputs"].values.dtype == jnp.int32
    labelled = make_gather(numbered([1, 3]), labelled_spec)({}, padded)
    assert labelled["mask"].tolist() == [1, 1, 0]


def test_parts_keep_their_widths_and_are_sorted_again() -> None:
    source = numbered([5, 1, 2, 4, 3, 1, 2, 5, 4, 3])
    kept, held_out = split_validation(source, fraction=0.3)
    assert held_out is not None
    assert kept.widths == held_out.widths == source.widths
    numbers = np.concatenate([kept.inputs[:, 0], held_out.inputs[:, 0]])
    assert sorted(numbers.tolist()) == list(range(1, 11))
    few = source.take(np.array([8, 0, 3]))
    assert few.lengths.tolist() == source.lengths[[0, 3, 8]].tolist()


def test_unfit_sequences_are_refused() -> None:
    ones = [np.ones(2), np.ones(1)]
    with pytest.raises(InputError, match="no sequences"):
        ragged_source([], [])
    with pytest.raises(InputError, match="2 inputs but 1 targets"):
        ragged_source(ones, np.zeros(1))
    with pytest.raises(InputError, match="2 steps has 3 targets"):
        ragged_source(ones, [np.ones(3), np.ones(1)])
    with pytest.raises(
        InputError, match=r"lengths go from 1 to the 2 steps of the array, not \(0, 2\)"
    ):
        ragged_source([*ones, np.ones(0)], np.zeros(3))
    with pytest.raises(InputError, match="buckets is 0"):
        ragged_source(ones, np.zeros(2), buckets=0)
    with pytest.raises(InputError, match="batch size 3 is larger than the 2"):
        ragged_source(ones, np.zeros(2)).batches(seed=0, start=0, steps=1, batch_size=3)


@pytest.mark.parametrize(
    ("lengths", "widths", "message"),
    [
        ([1, 4], (3,), r"from 1 to the 3 steps of the array, not \(1, 4\)"),
        ([0, 2], (3,), r"not \(0, 2\)"),
        ([], (3,), "not none"),
        ([2, 1], (3,), "sorted by length"),
        ([1, 3], (2,), "widths rise to the longest sequence, 3"),
        ([1, 3], (3, 3), "widths rise"),
        ([1, 3], (), "widths rise"),
    ],
)
def test_lengths_and_widths_fit_the_array(
    lengths: list[int], widths: tuple[int, ...], message: str
) -> None:
    count = len(lengths)
    with pytest.raises(InputError, match=message):
        RaggedSource(np.zeros((count, 3)), np.array(lengths, np.int32), np.zeros(count), widths)
