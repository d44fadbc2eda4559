"""The train step: exact under masks and accumulation, random only through (seed, step)."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
import dl.train.guard
from dl.train.step import augmented


def make_case(dropout: float = 0.0) -> tuple[Any, Any, Any, dict[str, np.ndarray]]:
    model = dl.models.mlp(3, hidden_sizes=(8,), dropout=dropout)
    objective, optimizer = dl.objectives.classification(model), dl.optimizers.sgd(0.5)
    state = dl.init_state(model, optimizer, jnp.zeros((1, 5)), seed=1)
    rng = np.random.default_rng(0)
    batch = {
        "inputs": rng.normal(size=(12, 5)).astype(np.float32),
        "targets": rng.integers(0, 3, 12).astype(np.int32),
        "mask": (np.arange(12) % 5 != 4).astype(np.float32),
        "index": np.arange(12, dtype=np.int32),
    }
    return objective, optimizer, state, batch


def assert_same_params(left: Any, right: Any, *, rtol: float = 1e-5) -> None:
    for a, b in zip(jax.tree.leaves(left.params), jax.tree.leaves(right.params), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=rtol, atol=1e-7)


def test_masked_batch_equals_the_subset() -> None:
    objective, optimizer, state, batch = make_case()
    step = jax.jit(dl.make_train_step(objective, optimizer))
    subset = {name: value[batch["mask"] > 0] for name, value in batch.items()}
    (masked, masked_sums), (alone, alone_sums) = step(state, batch), step(state, subset)
    assert_same_params(masked, alone)
    assert dl.metrics.compute(masked_sums) == pytest.approx(
        dl.metrics.compute(alone_sums), rel=1e-5
    )


def test_accumulated_micro_batches_equal_the_whole_batch() -> None:
    objective, optimizer, state, batch = make_case()
    whole, whole_sums = jax.jit(dl.make_train_step(objective, optimizer))(state, batch)
    parts, parts_sums = jax.jit(dl.make_train_step(objective, optimizer, accumulate=4))(
        state, batch
    )
    assert_same_params(whole, parts)
    assert dl.metrics.compute(whole_sums) == pytest.approx(dl.metrics.compute(parts_sums), rel=1e-5)


def test_batch_without_any_example_changes_nothing() -> None:
    objective, optimizer, state, batch = make_case()
    empty = {**batch, "mask": np.zeros(12, np.float32)}
    after, _ = jax.jit(dl.make_train_step(objective, optimizer))(state, empty)
    assert_same_params(after, state, rtol=0)
    assert int(after.step) == 1


def test_dropout_is_a_function_of_seed_and_step() -> None:
    objective, optimizer, state, batch = make_case(dropout=0.5)
    step = jax.jit(dl.make_train_step(objective, optimizer))
    again, later = (
        step(state, batch)[1]["loss"],
        step(replace(state, step=state.step + 1), batch)[1]["loss"],
    )
    assert float(step(state, batch)[1]["loss"].sum) == float(again.sum)
    assert float(later.sum) != float(again.sum)


def test_augmentation_is_keyed_by_example_and_step() -> None:
    def noise(keys: Any, inputs: Any, step: Any) -> Any:
        return inputs + jax.vmap(lambda key: jax.random.normal(key, inputs.shape[1:]))(keys)

    seen: list[Any] = []

    def spy(state: Any, batch: Any) -> Any:
        seen.append(batch["inputs"])
        return state, {}

    _, _, state, batch = make_case()
    order = np.random.default_rng(1).permutation(12)
    shuffled = {name: value[order] for name, value in batch.items()}
    step = augmented(spy, noise)
    for given in ((state, batch), (state, shuffled), (replace(state, step=state.step + 1), batch)):
        step(*given)
    np.testing.assert_array_equal(np.asarray(seen[0])[order], np.asarray(seen[1]))
    assert not np.allclose(seen[0], seen[2])


def test_another_seed_or_rate_does_not_recompile() -> None:
    objective, optimizer, state, batch = make_case(dropout=0.5)
    guard = dl.train.guard.CompilationGuard("step", declared=1)
    step = jax.jit(guard.watch(dl.make_train_step(objective, optimizer)))
    model = dl.models.mlp(3, hidden_sizes=(8,), dropout=0.5)
    other = dl.init_state(model, optimizer, jnp.zeros((1, 5)), seed=2)
    faster = replace(
        state, opt_state=dl.optimizers.with_hyperparams(state.opt_state, learning_rate=0.9)
    )
    for each in (state, other, faster):
        step(each, batch)
    assert guard.count == 1


@pytest.mark.parametrize(
    ("accumulate", "says"),
    [
        (0, "accumulate is 0; it must be at least 1"),
        (2.0, "accumulate is 2.0; it must be a whole number"),
        (5, "accumulate is 5; it must divide the 12 examples of a batch"),
    ],
)
def test_micro_batches_that_cannot_be_made_are_refused(accumulate: Any, says: str) -> None:
    objective, optimizer, state, batch = make_case()
    with pytest.raises(dl.InputError, match=says):
        jax.eval_shape(
            dl.make_train_step(objective, optimizer, accumulate=accumulate), state, batch
        )
