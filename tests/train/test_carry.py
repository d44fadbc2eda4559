"""Truncated back-propagation through time: a state that rows carry from step to step, wherever they
are computed.
"""

import signal
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import dl
from dl import models, objectives
from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.tokens import TokenSource
from dl.data.text.vocabulary import Vocabulary
from dl.train.layout import Layout
from dl.train.parallel import AXIS
from dl.train.record import Record
from dl.types import ExpRatio, Ratio

V, B, T = 4, 4, 6
MODEL = models.language_model("lstm", V, hidden_size=5)
OBJECTIVE = objectives.next_symbol(MODEL)
OPTIMIZER = dl.optimizers.adam(0.02)
ROWS = np.random.default_rng(0).integers(0, V, (B, 2 * T + 1)).astype(np.int32)


def batch(start: int, end: int, *, fresh: float = 0.0) -> dict[str, Any]:
    rows = ROWS[:, start : end + 1]
    return {
        "inputs": rows[:, :-1],
        "targets": rows[:, 1:],
        "mask": np.ones((B, end - start), np.float32),
        "index": np.arange(B, dtype=np.int32),
        "fresh": np.full(B, fresh, np.float32),
    }


@cache
def first_state() -> dl.TrainState:
    make = partial(
        dl.init_state, MODEL, OPTIMIZER, jnp.zeros((1, T), jnp.int32), seed=0, carried_rows=B
    )
    return jax.device_get(jax.jit(make)())


@cache
def step() -> Any:
    return jax.jit(dl.make_train_step(OBJECTIVE, OPTIMIZER))


def test_the_first_state_carries_a_row_of_zeros_for_each_row_of_a_batch() -> None:
    assert jax.tree.map(jnp.shape, first_state().carry) == (((B, 5), (B, 5)),)
    assert not any(leaf.any() for leaf in jax.tree.leaves(first_state().carry))
    make = partial(
        dl.init_state, dl.models.mlp(2), OPTIMIZER, jnp.zeros((1, 3)), seed=0, carried_rows=B
    )
    assert jax.eval_shape(make).carry == (), "a net without a state has none to carry"


@pytest.mark.slow
def test_a_state_made_by_hand_can_be_donated() -> None:
    model = models.language_model("lstm", V, hidden_size=3, num_layers=2)
    state = dl.init_state(model, OPTIMIZER, ROWS[:, :T], seed=0, carried_rows=B)
    step = dl.jit_step(dl.make_train_step(objectives.next_symbol(model), OPTIMIZER))
    after, _ = step(state, batch(0, T))
    assert all(np.any(leaf) for leaf in jax.tree.leaves(jax.device_get(after.carry)))


@pytest.mark.slow
def test_a_segment_as_long_as_the_sequence_is_full_back_propagation() -> None:
    """And two segments are not: the gradient stops between them, the state does not (Williams and
    Peng 1990).
    """

    def whole(params: Any) -> Any:
        logits = MODEL.apply(params, {}, ROWS[:, :-1])[0]
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), ROWS[:, 1:, None], axis=-1)
        return -chosen.sum()

    def one_segment(params: Any) -> Any:
        return OBJECTIVE(params, {}, batch(0, 2 * T, fresh=1.0), carry=first_state().carry)[0][
            "loss"
        ].sum

    def segments(params: Any, *, cut: bool) -> Any:
        carry, total = first_state().carry, 0.0
        for start in (0, T):
            sums, _, carry = OBJECTIVE(
                params, {}, batch(start, start + T, fresh=float(not start)), carry=carry
            )
            carry, total = jax.lax.stop_gradient(carry) if cut else carry, total + sums["loss"].sum
        return total

    functions = (whole, one_segment, partial(segments, cut=False), partial(segments, cut=True))
    graded = jax.jit(
        lambda params: [jax.value_and_grad(function)(params) for function in functions]
    )
    values, gradients = zip(*graded(first_state().params), strict=True)
    assert_allclose(values, values[0], rtol=1e-5)
    for other in gradients[1:3]:
        jax.tree.map(partial(assert_allclose, rtol=1e-4, atol=1e-5), other, gradients[0])
    far = (
        gradients[3]["recurrent"]["layer_0"]["recurrent"]
        - gradients[0]["recurrent"]["layer_0"]["recurrent"]
    )
    assert np.abs(far).max() > 1e-3


def test_a_step_goes_on_from_the_state_that_the_one_before_left() -> None:
    first, _ = step()(first_state(), batch(0, T, fresh=1.0))
    run = jax.jit(lambda params, carry, rows: MODEL.apply(params, {}, rows, carry=carry)[2])
    zeros = MODEL.zero_carry(B)
    close = partial(jax.tree.map, partial(assert_allclose, rtol=1e-5, atol=1e-6))
    close(first.carry, run(first_state().params, zeros, ROWS[:, :T]))
    on, _ = step()(first, batch(T, 2 * T))
    anew, _ = step()(first, batch(T, 2 * T, fresh=1.0))
    close(on.carry, run(first.params, first.carry, ROWS[:, T : 2 * T]))
    close(anew.carry, run(first.params, zeros, ROWS[:, T : 2 * T]))


def train_two(advance: Any, state: Any, spread: Any = lambda tree: tree) -> tuple[Any, Any]:
    state, _ = advance(state, spread(batch(0, T, fresh=1.0)))
    return advance(state, spread(batch(T, 2 * T)))


def assert_same(found: tuple[Any, Any], expected: tuple[Any, Any]) -> None:
    for ours, reference in zip(found, expected, strict=True):
        ours, reference = (
            (tree.params, tree.carry) if isinstance(tree, dl.TrainState) else tree
            for tree in (ours, reference)
        )
        jax.tree.map(partial(assert_allclose, rtol=2e-4, atol=1e-5), ours, reference)


def test_micro_batches_keep_the_state_of_their_own_rows() -> None:
    accumulated = jax.jit(dl.make_train_step(OBJECTIVE, OPTIMIZER, accumulate=2))
    assert_same(train_two(accumulated, first_state()), train_two(step(), first_state()))


@pytest.mark.slow
def test_devices_keep_the_state_of_their_own_rows() -> None:
    layout = Layout("pmap", tuple(jax.devices()[:2]))
    parallel = dl.pmap_step(
        dl.make_train_step(OBJECTIVE, OPTIMIZER, axis_name=AXIS), layout.devices
    )
    state, sums = train_two(parallel, layout.put(first_state()), partial(dl.shard, devices=2))
    expected = train_two(step(), first_state())
    assert_same((layout.fetch(state), dl.unreplicate(sums)), expected)
    sharded = dl.jit_step(dl.make_train_step(OBJECTIVE, OPTIMIZER), dl.make_mesh(jax.devices()[:2]))
    assert_same(train_two(sharded, jax.tree.map(jnp.copy, first_state())), expected)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lstm", "gru_reset_after"])
def test_no_device_gathers_the_sequences_of_others(kind: str) -> None:
    """In float32 a CPU does: there one product over T B rows is faster, and training is split by
    `pmap`.
    """
    model = models.language_model(kind, V, hidden_size=5, product_dtype="bfloat16")
    make = partial(
        dl.init_state, model, OPTIMIZER, jnp.zeros((1, T), jnp.int32), seed=0, carried_rows=B
    )
    train_step = dl.make_train_step(objectives.next_symbol(model), OPTIMIZER)
    compiled = dl.jit_step(train_step, dl.make_mesh(jax.devices()[:2])).lower(
        jax.eval_shape(make), batch(0, T)
    )
    text = compiled.compile().as_text() or ""
    assert "all-reduce" in text
    assert "all-gather" not in text


def test_a_mesh_splits_a_carry_by_rows_and_keeps_the_rest_whole() -> None:
    layout = Layout("jit", tuple(jax.devices()[:2]))
    placed = layout.put(first_state())
    for leaf in jax.tree.leaves(placed.carry):
        assert [shard.data.shape[0] for shard in leaf.addressable_shards] == [B // 2, B // 2]
    whole = jax.tree.leaves((placed.params, placed.opt_state, placed.step))
    assert all(leaf.sharding.is_fully_replicated for leaf in whole)


def test_rows_are_handed_out_in_order_and_gathered_again() -> None:
    carry = jnp.arange(2.0 * B).reshape(B, 2), jnp.arange(3.0 * B).reshape(B, 3)
    tree = {"state": replace(first_state(), carry=carry), "other": jnp.ones(3)}
    layout = Layout("pmap", tuple(jax.devices()[:2]))
    placed = layout.put(tree)
    assert placed["other"].shape == (2, 3)
    assert placed["state"].step.shape == (2,)
    for number, device in enumerate(layout.devices):
        for leaf, whole in zip(placed["state"].carry, carry, strict=True):
            (own,) = [piece for piece in leaf.addressable_shards if piece.device == device]
            assert_array_equal(own.data[0], whole[number * B // 2 : (number + 1) * B // 2])
    fetched = layout.fetch(placed)
    jax.tree.map(assert_array_equal, fetched["state"].carry, carry)
    jax.tree.map(lambda leaf: leaf.delete(), placed["state"].carry)
    assert_array_equal(fetched["state"].carry[0], carry[0])


TOKENS = np.random.default_rng(1).integers(0, V, 340).astype(np.uint8)
SOURCES = [TokenSource(tokens, T) for tokens in (TOKENS[:270], TOKENS[270:300], TOKENS[300:])]
SPEC = DataSpec(
    "stream",
    "language",
    (T,),
    "int32",
    (),
    len(SOURCES[0]),
    carried=True,
    vocabulary=Vocabulary("char", tuple("abcd")),
)
OPTIONS = dl.TextOptions(
    epochs=2, batch_size=B, segment=T, devices=1, steps_per_call=4, log_every=4
)


def fit(options: dl.TextOptions = OPTIONS, **keywords: Any) -> dl.Trained:
    recipe = dl.Recipe(MODEL, OBJECTIVE, OPTIMIZER)
    return dl.fit(recipe, Dataset(SPEC, *SOURCES), options, progress=False, **keywords)


@cache
def whole() -> dl.Trained:
    return fit()


def without_rate(history: list[Record]) -> list[Record]:
    return [replace(record, examples_per_second=None) for record in history]


def assert_same_bits(left: dl.Trained, right: dl.Trained) -> None:
    jax.tree.map(assert_array_equal, left.state.params, right.state.params)
    jax.tree.map(assert_array_equal, left.state.carry, right.state.carry)
    assert without_rate(left.history) == without_rate(right.history)


@pytest.mark.slow
def test_interrupted_with_a_carried_state_and_resumed_equals_uninterrupted() -> None:
    def stop_once(record: Record) -> None:
        if record.step == 8:
            signal.raise_signal(signal.SIGINT)

    stopped = fit(on_record=stop_once)
    assert (int(stopped.state.step), stopped.interrupted) == (8, True)
    assert any(leaf.any() for leaf in jax.tree.leaves(stopped.state.carry))
    assert_same_bits(fit(resume=stopped), whole())
    # The carry is part of it: without it another training goes on.
    forgetful = replace(stopped, state=replace(stopped.state, carry=MODEL.zero_carry(B)))
    other = fit(resume=forgetful)
    assert (
        jax.tree.leaves(other.state.params)[0].tolist()
        != jax.tree.leaves(whole().state.params)[0].tolist()
    )


@pytest.mark.slow
def test_any_number_of_scanned_steps_gives_the_same_bits() -> None:
    one = fit(replace(OPTIONS, steps_per_call=1))
    jax.tree.map(
        assert_array_equal,
        (one.state.params, one.state.carry),
        (whole().state.params, whole().state.carry),
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["jit", "pmap"])
def test_two_devices_train_as_one(mode: Any) -> None:
    fitted = fit(replace(OPTIONS, parallel=mode, devices=2))
    assert jax.tree.map(jnp.shape, fitted.state.carry) == (((B, 5), (B, 5)),)
    jax.tree.map(
        partial(assert_allclose, rtol=1e-2, atol=1e-3), fitted.state.carry, whole().state.carry
    )
    for mine, reference in zip(fitted.history, whole().history, strict=True):
        assert mine.step == reference.step
        assert mine.values == pytest.approx(reference.values, rel=1e-3)


def test_what_a_language_model_reports_fits_together() -> None:
    last = whole().history[-1].values
    assert last["bits"] == pytest.approx(last["loss"] / np.log(2), rel=1e-6)
    assert last["perplexity"] == pytest.approx(np.exp(last["loss"]), rel=1e-6)
    assert {type(ratio) for ratio in whole().pending.values()} == {Ratio, ExpRatio}
