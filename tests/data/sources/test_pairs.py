"""Pairs of sequences: padding, buckets of two lengths, teacher forcing, labels."""

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from dl.data.gather import make_gather
from dl.data.parts import dataset_of_pairs
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.pairs import PairSource, pair_source, with_common_pair_widths
from dl.data.text.vocabulary import END, Vocabulary
from dl.errors import InputError
from dl.types import Pair, Ragged

quick = settings(max_examples=30, deadline=None)
lengths = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 9)), min_size=1, max_size=40)
LAST = 99


def numbered(lengths: list[tuple[int, int]], *, end: int | None = LAST, **how) -> PairSource:
    """Pair i has i + 1 as often as its input is long, and −(i + 1) as often as its target is."""
    inputs = [np.full(size, place + 1, np.int32) for place, (size, _) in enumerate(lengths)]
    targets = [np.full(size, -place - 1, np.int32) for place, (_, size) in enumerate(lengths)]
    return pair_source(inputs, targets, end=end, **how)


@quick
@given(lengths, st.integers(1, 6), st.booleans())
def test_rows_are_the_pairs_and_fit_their_buckets(
    lengths: list[tuple[int, int]], buckets: int, ends: bool
) -> None:
    texts = [(f"in {place}", f"out {place}") for place in range(len(lengths))]
    source = numbered(lengths, end=LAST if ends else None, buckets=buckets, texts=texts)
    assert 1 <= len(source.widths) <= buckets
    seen = set()
    for place in range(len(source)):
        number = int(source.inputs[place, 0]) - 1
        seen.add(number)
        size, target_size = lengths[number]
        assert source.inputs[place].tolist()[:size] == [number + 1] * size
        assert not source.inputs[place, size:].any()
        expected = [-number - 1] * target_size + [LAST] * ends
        assert source.targets[place].tolist()[: len(expected)] == expected
        assert not source.targets[place, len(expected) :].any()
        assert source.texts[place] == texts[number]
        width = source.widths[source.buckets[place]]
        assert size <= width[0]
        assert len(expected) <= width[1]
    assert seen == set(range(len(lengths)))
    assert source.fitting[-1] == len(source)
    assert all(
        len(arrays["lengths"]) == n
        for arrays, n in zip(source.resident(), source.fitting, strict=True)
    )


@quick
@given(lengths, st.integers(1, 5), st.integers(0, 3))
def test_an_epoch_reads_full_batches_and_no_pair_twice(
    lengths: list[tuple[int, int]], batch_size: int, epoch: int
) -> None:
    source = numbered(lengths)
    batch_size = min(batch_size, len(source))
    steps = len(source) // batch_size
    calls = source.train_calls(seed=1, batch_size=batch_size, total_steps=100 * steps)
    start = epoch * steps
    groups = list(calls(start, start + steps))
    seen = np.concatenate([rows.index.ravel() for _, rows in groups])
    assert len(set(seen.tolist())) == len(seen) == steps * batch_size
    for bucket, rows in groups:
        assert source.lengths[rows.index].max() <= source.widths[bucket][0]
        assert source.target_lengths[rows.index].max() <= source.widths[bucket][1]
        assert rows.index.max() < source.fitting[bucket]
    if steps > 1:  # cut in two, the same batches
        halves = [*calls(start, start + 1), *calls(start + 1, start + steps)]
        again = np.concatenate([rows.index for _, rows in halves])
        assert again.tolist() == np.concatenate([rows.index for _, rows in groups]).tolist()


def test_with_an_end_the_model_reads_the_right_symbol_before_each_target() -> None:
    source = numbered([(2, 3), (1, 1)], buckets=1)
    arrays = {name: jnp.asarray(array) for name, array in source.resident()[0].items()}
    order = [int(-row[0]) - 1 for row in source.targets]
    index = np.array([order.index(0), order.index(1)])
    batch = source.batch(arrays, IndexedBatch(index, np.array([1.0, 1.0], np.float32)))
    assert isinstance(batch["inputs"], Pair)
    assert batch["inputs"].source.values.tolist() == [[1, 1], [2, 0]]
    assert batch["inputs"].source.lengths.tolist() == [2, 1]
    assert batch["inputs"].previous.tolist() == [[99, -1, -1, -1], [99, -2, 99, 0]]
    assert batch["targets"].tolist() == [[-1, -1, -1, 99], [-2, 99, 0, 0]]
    assert batch["mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    padded = source.batch(arrays, IndexedBatch(index, np.array([1.0, 0.0], np.float32)))
    assert padded["mask"].tolist() == [[1, 1, 1, 1], [0, 0, 0, 0]]


def test_without_an_end_targets_are_labels_with_lengths() -> None:
    source = numbered([(2, 3), (2, 1)], end=None, buckets=1)
    arrays = {name: jnp.asarray(array) for name, array in source.resident()[0].items()}
    batch = source.batch(arrays, IndexedBatch(np.arange(2), np.ones(2, np.float32)))
    assert isinstance(batch["targets"], Ragged)
    assert sorted(batch["targets"].lengths.tolist()) == [1, 3]
    assert batch["mask"].tolist() == [1, 1]


@quick
@given(lengths, lengths)
def test_other_parts_take_the_widths_of_the_first(
    train: list[tuple[int, int]], test: list[tuple[int, int]]
) -> None:
    before = numbered(test)
    first, second = with_common_pair_widths(numbered(train), before)
    assert first.widths[:-1] == second.widths[:-1]
    assert second.widths[-1][0] >= max(first.widths[-1][0], *(size for size, _ in test))
    assert sorted(second.inputs[:, 0].tolist()) == sorted(before.inputs[:, 0].tolist())
    for call in second.evaluation_calls(batch_size=3)():
        assert call.examples is not None
        shape = call.examples["inputs"].shape[2], call.examples["targets"].shape[2]
        assert shape in second.widths


def test_a_data_set_of_pairs_describes_its_sequences_and_digests_both_sides() -> None:
    vocabulary = Vocabulary("word", ("a", "b", END))
    source = pair_source([np.array([1, 0]), np.array([1])], [np.array([0]), np.array([1])], end=2)
    other = pair_source([np.array([1, 0]), np.array([1])], [np.array([0]), np.array([0])], end=2)
    data = dataset_of_pairs(
        "two", source, None, source, vocabulary=vocabulary, source_vocabulary=vocabulary
    )
    assert (data.spec.task, data.spec.classes, data.spec.longest_target) == ("sequence", 3, 2)
    changed = dataset_of_pairs(
        "two", source, None, other, vocabulary=vocabulary, source_vocabulary=vocabulary
    )
    assert data.fingerprint != changed.fingerprint
    gather = make_gather(source, data.spec)
    batch = gather(source.resident()[0], IndexedBatch(np.arange(1), np.ones(1, np.float32)))
    assert batch["inputs"].source.values.dtype == np.int32


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([], [], "there are no pairs"),
        ([[1]], [[1], [2]], "1 inputs but 2 targets"),
        ([[1], []], [[1], [2]], r"inputs\[1\] is empty"),
        ([[1], [1]], [[], [2]], r"targets\[0\] is empty"),
    ],
)
def test_what_makes_no_pairs_is_refused(inputs: list, targets: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        pair_source([np.array(x) for x in inputs], [np.array(y) for y in targets])
