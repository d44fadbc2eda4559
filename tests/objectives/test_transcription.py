"""CTC sums over all paths, and label errors are edit distances."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl import metrics
from dl.assess.labels import label_errors
from dl.errors import InputError
from dl.objectives.edit_distance import collapsed, edit_distances
from dl.objectives.transcription import ctc_nats, transcription
from dl.types import Model, Ragged

LABELS, STEPS = 2, 5
compiled_distances = jax.jit(edit_distances)
compiled_nats = jax.jit(ctc_nats)


@jax.jit
def figures(logits: jax.Array, batch: dict) -> metrics.Metrics:
    return transcription(answered(logits))({}, {}, batch)[0]


def read(path: tuple[int, ...]) -> list[int]:
    """What a path of classes says, by the definition."""
    return [key - 1 for key, _ in itertools.groupby(path) if key]


def summed_over_paths(logits: np.ndarray, labels: list[int]) -> float:
    posteriors = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return sum(
        float(np.prod(posteriors[np.arange(len(path)), path]))
        for path in itertools.product(range(logits.shape[1]), repeat=len(logits))
        if read(path) == labels
    )


def answered(logits: np.ndarray) -> Model:
    """A model that has answered already."""
    return Model("answered", None, lambda params, state, inputs, **_: (logits, state, ()))  # type: ignore[arg-type]


def batch_of(labels: list[list[int]], longest: int = 4) -> dict:
    values = np.zeros((len(labels), longest), np.int32)
    for row, own in zip(values, labels, strict=True):
        row[: len(own)] = own
    lengths = jnp.array([len(own) for own in labels])
    return {
        "inputs": jnp.zeros(len(labels)),
        "targets": Ragged(jnp.asarray(values), lengths),
        "mask": jnp.ones(len(labels)),
    }


def test_the_loss_is_the_sum_over_all_paths() -> None:
    targets = [[0], [1, 0], [1, 1], [0, 1, 0]]
    logits = np.random.default_rng(0).normal(size=(4, STEPS, LABELS + 1)).astype(np.float32)
    nats = compiled_nats(jnp.asarray(logits), batch_of(targets)["targets"])
    expected = [-np.log(summed_over_paths(*pair)) for pair in zip(logits, targets, strict=True)]
    np.testing.assert_allclose(nats, expected, rtol=1e-4)


def test_steps_that_are_blank_for_certain_change_nothing() -> None:
    logits = np.random.default_rng(1).normal(size=(1, STEPS, LABELS + 1)).astype(np.float32)
    behind = np.tile(np.float32([0.0, -1e9, -1e9]), (1, 3, 1))
    longer = np.concatenate([logits, behind], axis=1)
    batch = batch_of([[1, 0]])
    short, long = (metrics.compute(figures(jnp.asarray(each), batch)) for each in (logits, longer))
    assert long == pytest.approx(short, rel=1e-5)
    summed = jax.jit(jax.grad(lambda odds: ctc_nats(odds, batch["targets"]).sum()))
    gradient = summed(jnp.asarray(longer))
    assert bool(jnp.isfinite(gradient).all())
    assert not gradient[:, STEPS:].any()


def test_an_utterance_too_short_for_its_labels_is_never_a_silent_infinity() -> None:
    nats = ctc_nats(jnp.zeros((1, 2, 3)), Ragged(jnp.array([[1, 1]]), jnp.array([2])))
    assert bool(jnp.isfinite(nats).all())
    assert float(nats[0]) > 9e4


def test_rows_without_a_path_count_in_the_label_error_alone() -> None:
    """The second row has two real steps for a label that is said twice, which needs three."""
    logits = np.random.default_rng(3).normal(size=(3, STEPS, LABELS + 1)).astype(np.float32)
    logits[1, 2:] = [0.0, -1e9, -1e9]
    logits[2, 3:] = [0.0, -1e9, -1e9]
    batch = batch_of([[1, 0], [1, 1], [0, 0]])
    without = {**batch, "mask": jnp.array([1.0, 0.0, 1.0])}

    def loss_of(logits: jax.Array, batch: dict) -> tuple[jax.Array, metrics.Metrics]:
        found = transcription(answered(logits))({}, {}, batch)[0]
        return found["loss"].sum, found

    graded = jax.jit(jax.value_and_grad(loss_of, has_aux=True))
    (_, found), gradient = graded(jnp.asarray(logits), batch)
    (_, expected), expected_gradient = graded(jnp.asarray(logits), without)
    assert jax.tree.map(float, found["loss"]) == jax.tree.map(float, expected["loss"])
    np.testing.assert_array_equal(gradient, expected_gradient)
    assert gradient[0].any()
    assert gradient[2].any()
    assert float(found["label_error"].count) == 6

    logits[1, 0] = np.nan  # A net that has diverged is not hidden.
    diverged = figures(jnp.asarray(logits), batch_of([[1, 0], [1], [0, 0]]))
    assert np.isnan(metrics.compute(diverged)["loss"])


def test_figures_are_per_label_of_the_rows_that_count() -> None:
    said = jax.nn.one_hot(jnp.array([[1, 1, 0, 2, 0], [2, 0, 2, 0, 0], [0, 0, 0, 0, 0]]), 3) * 9.0
    batch = batch_of([[0, 1], [1], [1, 1, 1]])
    # The second row has one label too many, of three in all; the third one is padding.
    masked = {**batch, "mask": jnp.array([1.0, 1.0, 0.0])}
    assert metrics.compute(figures(said, masked))["label_error"] == pytest.approx(1 / 3)
    assert metrics.compute(figures(said, batch))["label_error"] == pytest.approx(4 / 6)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_distances_are_those_of_the_table_of_wagner_and_fischer(data: st.DataObject) -> None:
    row = st.lists(st.integers(0, 2), min_size=1, max_size=4)
    targets = data.draw(st.lists(row, min_size=3, max_size=3))
    classes = data.draw(
        st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=3, max_size=3)
    )
    distances = compiled_distances(*collapsed(jnp.array(classes)), batch_of(targets)["targets"])
    expected = [
        label_errors([target], [read(tuple(path))])
        for target, path in zip(targets, classes, strict=True)
    ]
    assert distances.tolist() == [round(each.rate * each.labels) for each in expected]


def test_other_targets_are_refused() -> None:
    batch = {"inputs": jnp.zeros(1), "targets": jnp.zeros(1, int), "mask": jnp.ones(1)}
    objective = transcription(answered(jnp.zeros((1, 4, 3))))
    with pytest.raises(InputError, match="Ragged labels"):
        objective({}, {}, batch)
