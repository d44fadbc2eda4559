"""Streams of symbols: what a batch reads, in which order, and what an evaluation predicts."""

from typing import Any

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from dl.data.sources.batching import IndexedBatch
from dl.data.sources.tokens import TokenSource, cut_segments
from dl.data.split import split_stream
from dl.errors import InputError
from dl.train.evaluation import evaluate_carried
from dl.types import Ratio

quick = settings(max_examples=30, deadline=None)


def numbered(count: int, steps: int, order: Any = "segments") -> TokenSource:
    """A stream whose symbols tell where they stand."""
    return TokenSource(np.arange(count, dtype=np.int32), steps, order)


@st.composite
def streams(draw: st.DrawFn) -> tuple[int, int, int]:
    """Symbols, steps and a batch size with at least one segment a row."""
    steps, rows = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    return draw(st.integers((rows + 1) * steps, (rows + 1) * steps * 5)), steps, rows


def epochs(source: TokenSource, rows: int, count: int) -> list[IndexedBatch]:
    in_epoch = len(source) // rows
    return [
        source.batches(seed=3, start=epoch * in_epoch, steps=in_epoch, batch_size=rows)
        for epoch in range(count)
    ]


@quick
@given(streams())
def test_lanes_are_contiguous_and_no_symbol_is_a_target_twice(shape: tuple[int, int, int]) -> None:
    symbols, steps, rows = shape
    for batches in epochs(numbered(symbols, steps), rows, 3):
        index = batches.index
        # A row's next segment begins with the symbol that was its last target.
        np.testing.assert_array_equal(index[1:], index[:-1] + steps)
        targets = (index[:, :, None] + 1 + np.arange(steps)).ravel()
        assert len(set(targets)) == len(targets)
        assert targets.min() >= 1
        assert targets.max() < symbols
        assert len(targets) > symbols - 1 - (rows + 1) * steps, (
            "no more is left out than cannot be helped"
        )


def test_over_the_epochs_every_symbol_becomes_a_target() -> None:
    source = numbered(41, 4)  # nine segments, of which four lanes read eight
    starts = np.concatenate([batches.index.ravel() for batches in epochs(source, 4, 100)])
    assert set((starts[:, None] + 1 + np.arange(4)).ravel().tolist()) == set(range(1, 41))


@quick
@given(streams())
def test_windows_lie_inside_and_begin_anywhere(shape: tuple[int, int, int]) -> None:
    symbols, steps, rows = shape
    for batches in epochs(numbered(symbols, steps, "windows"), rows, 3):
        assert batches.index.min() >= 0
        assert batches.index.max() + steps < symbols


def test_windows_reach_the_first_and_the_last_symbol() -> None:
    found = np.concatenate(
        [batches.index.ravel() for batches in epochs(numbered(8, 3, "windows"), 1, 60)]
    )
    assert set(found.tolist()) == set(range(5))


@pytest.mark.parametrize("order", ["segments", "windows"])
def test_rows_continue_from_the_carry_only_within_an_epoch(order: str) -> None:
    batches = numbered(40, 4, order).batches(seed=0, start=0, steps=8, batch_size=2)
    fresh = [1, 0, 0, 0] * 2 if order == "segments" else [1] * 8
    assert batches.fresh[:, 0].tolist() == batches.fresh[:, 1].tolist() == fresh
    assert (batches.mask == 4).all()


@quick
@given(
    streams(),
    st.sampled_from(["segments", "windows"]),
    st.integers(0, 20),
    st.lists(st.integers(1, 5), max_size=4),
)
def test_batches_are_a_function_of_seed_and_step_alone(
    shape: tuple[int, int, int], order: str, start: int, lengths: list[int]
) -> None:
    symbols, steps, rows = shape
    source = numbered(symbols, steps, order)
    whole = source.batches(seed=5, start=start, steps=sum(lengths) + 1, batch_size=rows)
    at = start
    for length in [*lengths, 1]:
        part = source.batches(seed=5, start=at, steps=length, batch_size=rows)
        for left, right in zip(part[:3], whole[:3], strict=True):
            np.testing.assert_array_equal(left, right[at - start : at - start + length])
        at += length


@pytest.mark.parametrize("order", ["segments", "windows"])
def test_seeds_and_epochs_begin_elsewhere(order: str) -> None:
    source = numbered(500, 20, order)
    in_epoch = len(source) // 2
    first = [
        source.batches(seed=seed, start=epoch * in_epoch, steps=1, batch_size=2).index[0, 0].item()
        for seed in range(4)
        for epoch in range(4)
    ]
    assert len(set(first)) > 6


@pytest.mark.parametrize("kept", [1, 3])
def test_taking_some_segments_keeps_the_beginning(kept: int) -> None:
    few = numbered(47, 5).take(np.arange(kept) * 2)
    assert len(few) == kept
    assert few.tokens.tolist() == list(range((kept + 1) * 5))


def test_segments_have_inputs_targets_and_a_mask() -> None:
    tokens = jnp.asarray([7, 8, 9, 5, 6], jnp.uint8)
    batch = cut_segments(tokens, IndexedBatch(np.array([0, 2]), np.array([3.0, 2.0])), steps=3)
    assert batch["inputs"].tolist() == [[7, 8, 9], [9, 5, 6]]
    assert batch["targets"].tolist()[0] == [8, 9, 5]
    assert batch["targets"].tolist()[1][:2] == [5, 6]
    assert batch["mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["inputs"].dtype == jnp.int32


class Counting:
    """A model and objective that sum the targets, and check that the carry counts all symbols
    before a segment.
    """

    def zero_carry(self, rows: int) -> Any:
        return jnp.zeros(rows)

    def objective(self, params: Any, model_state: Any, batch: Any, *, carry: Any) -> Any:
        mask = batch["mask"]
        count = jnp.sum(mask)
        sums = {
            "targets": Ratio(jnp.sum(batch["targets"] * mask), count),
            "before": Ratio(jnp.sum((batch["inputs"][:, 0] == carry) * 1.0), jnp.float32(1.0)),
            "next": Ratio(jnp.sum((batch["targets"] == batch["inputs"] + 1) * mask), count),
        }
        return sums, model_state, carry + count


@pytest.mark.parametrize(("symbols", "steps"), [(2, 4), (9, 4), (10, 4), (11, 1)])
def test_evaluation_predicts_every_symbol_but_the_first_once_with_the_state_carried(
    symbols: int, steps: int
) -> None:
    fake: Any = Counting()
    tokens = jnp.arange(symbols, dtype=jnp.int32)
    source = TokenSource(tokens, steps)
    (indexed,) = source.evaluation_calls(batch_size=4)()
    arrays = source.evaluation_arrays()
    sums = evaluate_carried(fake, fake.objective, source.batch, {}, {}, arrays, indexed)
    assert sums["targets"].count.sum() == sums["next"].sum.sum() == symbols - 1
    assert sums["targets"].sum.sum() == sum(range(1, symbols))
    assert (sums["before"].sum == 1).all()


def test_the_end_of_a_stream_is_held_out() -> None:
    assert split_stream(np.arange(5), fraction=0.0)[1] is None
    kept, held_out = split_stream(np.arange(1000), fraction=0.05)
    assert (len(kept), held_out.tolist()) == (950, list(range(950, 1000)))
    with pytest.raises(InputError, match="0 <= fraction < 1"):
        split_stream(np.arange(5), fraction=1.0)
    with pytest.raises(InputError, match="all 5"):
        split_stream(np.arange(5), fraction=0.95)


def test_unfit_streams_are_refused() -> None:
    with pytest.raises(InputError, match="segment of 0"):
        numbered(9, 0)
    with pytest.raises(InputError, match=r"1 symbol\(s\)"):
        numbered(1, 3)
    with pytest.raises(InputError, match="no examples"):
        _ = numbered(9, 3).inputs
    with pytest.raises(InputError, match="batch size 3 is larger than the 2"):
        numbered(9, 3).batches(seed=0, start=0, steps=1, batch_size=3)


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(InputError, match="order is 'segment': did you mean segments"):
        numbered(40, 4, "segment")
