"""Objectives of sequences against NumPy; masks; rows that start anew."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import metrics, models, objectives
from dl.types import Model

B, T, V = 3, 4, 5
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(B, T, V)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]], np.float32)
SYMBOLS = RNG.integers(0, V, (B, T)).astype(np.int32)


def echo() -> Model:
    """A model whose outputs are its inputs, so that a test can choose the logits."""

    def apply(
        params: Any,
        state: Any,
        inputs: Any,
        *,
        train: bool = False,
        key: Any = None,
        carry: Any = (),
    ) -> Any:
        return inputs, state, carry

    return Model("echo", lambda key, inputs: ({}, {}), apply)


def report(
    objective: Any, targets: Any, mask: Any = MASK, logits: Any = LOGITS
) -> tuple[dict[str, float], Any]:
    batch = {
        "inputs": jnp.asarray(logits),
        "targets": jnp.asarray(targets),
        "mask": jnp.asarray(mask),
    }
    sums, model_state, carry = objective({}, {}, batch)
    assert (model_state, carry) == ({}, ())
    return metrics.compute(sums), sums


def test_next_symbol_is_the_mean_cross_entropy_over_the_mask() -> None:
    values, sums = report(objectives.next_symbol(echo()), SYMBOLS)
    nats, right = [], []
    for b, t in zip(*np.nonzero(MASK), strict=True):
        p = np.exp(LOGITS[b, t].astype(float)) / np.exp(LOGITS[b, t].astype(float)).sum()
        nats.append(-math.log(p[SYMBOLS[b, t]]))
        right.append(p.argmax() == SYMBOLS[b, t])
    loss = sum(nats) / 7
    assert values == pytest.approx(
        {
            "loss": loss,
            "bits": loss / math.log(2),
            "perplexity": math.exp(loss),
            "accuracy": sum(right) / 7,
        },
        rel=1e-5,
    )
    assert sums["loss"].count == 7


def test_perplexity_of_a_uniform_model_is_the_number_of_symbols() -> None:
    values, _ = report(
        objectives.next_symbol(echo()), SYMBOLS, logits=np.zeros((B, T, 8), np.float32)
    )
    assert (values["perplexity"], values["bits"]) == pytest.approx((8.0, 3.0), rel=1e-6)


def test_accuracy_of_frames_is_that_of_bay_et_al() -> None:
    notes = RNG.integers(0, 2, (B, T, V)).astype(np.float32)
    values, sums = report(objectives.frames(echo()), notes)
    p = 1 / (1 + np.exp(-LOGITS.astype(float)))
    nats = -np.where(notes > 0, np.log(p), np.log(1 - p)).sum(axis=-1)
    played, real = (LOGITS > 0)[MASK > 0], (notes > 0)[MASK > 0]
    expected = {
        "loss": nats[MASK > 0].mean(),
        "accuracy": (played & real).sum() / (played | real).sum(),
    }
    assert values == pytest.approx(expected, rel=1e-5)
    assert sums["accuracy"].count == (played | real).sum()


@pytest.mark.parametrize("rubbish", [math.nan, math.inf])
def test_steps_past_an_end_do_not_leak(rubbish: float) -> None:
    spoiled = np.where(MASK[..., None] > 0, LOGITS, rubbish)
    for bind, targets in (
        (objectives.next_symbol, SYMBOLS),
        (objectives.frames, np.ones((B, T, V), np.float32)),
    ):
        assert report(bind(echo()), targets, logits=spoiled)[0] == report(bind(echo()), targets)[0]


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_fresh_rows_start_from_zeros_and_others_from_the_carry(kind: str) -> None:
    model = models.language_model(kind, V, hidden_size=3)
    params, _ = model.init(jax.random.key(0), SYMBOLS)
    objective = objectives.next_symbol(model)
    carry = jax.tree.map(lambda leaf: leaf + 0.7, model.zero_carry(B))
    batch = {
        "inputs": jnp.asarray(SYMBOLS),
        "targets": jnp.asarray(SYMBOLS),
        "mask": jnp.ones((B, T)),
    }

    def after(start: Any, **fresh: Any) -> Any:
        return jax.device_get(objective(params, {}, {**batch, **fresh}, carry=start)[2])

    mixed = after(carry, fresh=jnp.array([1.0, 0.0, 1.0]))
    on, anew = after(carry), after(model.zero_carry(B))
    for values, kept, zero in zip(*map(jax.tree.leaves, (mixed, on, anew)), strict=True):
        np.testing.assert_array_equal(values[[0, 2]], zero[[0, 2]])
        np.testing.assert_array_equal(values[1], kept[1])
        assert np.abs(kept - zero).max() > 1e-3


def test_nothing_is_carried_on_where_nothing_was_carried_in() -> None:
    model = models.language_model("rnn", V, hidden_size=3)
    batch = {"inputs": SYMBOLS, "targets": SYMBOLS, "mask": MASK, "fresh": np.ones(B, np.float32)}
    objective = objectives.next_symbol(model)
    params, _ = jax.eval_shape(model.init, jax.random.key(0), SYMBOLS)
    assert jax.eval_shape(objective, params, {}, batch)[2] == ()


def test_targets_of_another_kind_are_refused() -> None:
    for bind, targets, message in (
        (objectives.next_symbol, LOGITS, "need class numbers"),
        (objectives.frames, SYMBOLS, "must have one shape"),
    ):
        with pytest.raises(ValueError, match=message):
            report(bind(echo()), targets)


def test_the_public_surface_has_them() -> None:
    assert dl.objectives.next_symbol is objectives.next_symbol
    assert dl.objectives.autoencoding is dl.objectives.reconstruction.autoencoding
    assert dl.sampling.sample.__name__ == "sample"


def in_training(objective: Any, logits: Any, targets: Any) -> dict[str, float]:
    batch = {"inputs": jnp.asarray(logits), "targets": jnp.asarray(targets)}
    mask = {"mask": jnp.ones(np.shape(logits)[:2])}
    return metrics.compute(objective({}, {}, {**batch, **mask}, train=True)[0])


def test_a_smoothed_next_symbol_by_hand_and_only_in_the_loss_of_training() -> None:
    """p = (2/3, 1/6, 1/6) and ε = 0.3: a loss of 0.8 ln 1.5 + 0.2 ln 6; all else is of p alone."""
    logits, targets = [[[math.log(4.0), 0.0, 0.0]]], np.zeros((1, 1), np.int32)
    smooth = objectives.next_symbol(echo(), label_smoothing=0.3)
    values = in_training(smooth, logits, targets)
    expected = {"loss": 0.682724, "bits": 0.584963, "perplexity": 1.5, "accuracy": 1.0}
    assert values == pytest.approx(expected, abs=1e-5)
    evaluated = report(smooth, SYMBOLS)[0]
    assert evaluated == report(objectives.next_symbol(echo()), SYMBOLS)[0]


def test_smoothed_frames_by_hand() -> None:
    """Two outputs, a yes at σ = ¾ and a no at ¼, with ε = 0.2: twice −0.9 ln ¾ − 0.1 ln ¼."""
    logits = [[[math.log(3.0), -math.log(3.0)]]]
    smooth = objectives.frames(echo(), label_smoothing=0.2)
    values = in_training(smooth, logits, np.array([[[1.0, 0.0]]], np.float32))
    assert values == pytest.approx({"loss": 2 * 0.397543, "accuracy": 1.0}, abs=1e-5)
