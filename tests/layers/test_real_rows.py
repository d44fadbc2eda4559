"""Batch norm takes its statistics over real rows, and padding changes nothing at all."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import dl
from dl.layers.real_rows import over_real_rows
from dl.train.freeze import freeze
from dl.train.parallel import AXIS

ROWS = np.random.default_rng(0).normal(2.0, 3.0, size=(16, 6, 5)).astype(np.float32)


class Net(nn.Module):
    """Batch norm over rows and places, and over rows alone, as two habits of calling it."""

    @nn.compact
    def __call__(self, inputs: Any, *, train: bool = False) -> Any:
        x = nn.BatchNorm(use_running_average=not train, name="places")(inputs)
        x = nn.relu(nn.Dense(4)(x)).mean(axis=1)
        return nn.Dense(3)(nn.BatchNorm(name="rows")(x, not train))


MODEL = dl.models.from_linen(Net())
OBJECTIVE = dl.objectives.classification(MODEL)
OPTIMIZER = dl.optimizers.momentum(0.1)
STATE = dl.init_state(MODEL, OPTIMIZER, jnp.zeros((1, 6, 5)), seed=0)


def batch_of(real: Any) -> dict[str, np.ndarray]:
    """A row for each entry of `real`; padding holds numbers that would be noticed."""
    mask = np.asarray(real, np.float32)
    inputs = np.where(mask[:, None, None] > 0, ROWS[: len(mask)], 1e3)
    targets = np.arange(len(mask), dtype=np.int32) % 3
    return {"inputs": inputs, "targets": targets, "mask": mask, "index": np.arange(len(mask))}


def only_real(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value[batch["mask"] > 0] for name, value in batch.items()}


def stepped(batch: Any, **options: Any) -> Any:
    """Parameters, batch statistics and metrics after a step."""
    step = jax.jit(dl.make_train_step(OBJECTIVE, OPTIMIZER, **options))
    state, sums = step(STATE, batch)
    return state.params, state.model_state, sums


def assert_close(left: Any, right: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), left, right)


def test_a_padded_batch_trains_as_its_real_rows_alone() -> None:
    padded = batch_of([1, 1, 0, 1, 1, 0])
    assert_close(stepped(padded), stepped(only_real(padded)))


def test_a_full_batch_trains_as_one_that_is_known_to_be_full() -> None:
    assert_close(stepped(batch_of([1] * 4)), stepped(batch_of([1] * 4), padded=False))


def test_micro_batches_of_padding_alone_leave_no_trace() -> None:
    padded = batch_of([1, 1, 1, 1, 0, 0, 0, 0])
    assert_close(stepped(padded, accumulate=2), stepped(only_real(padded)))


def test_a_batch_of_padding_alone_changes_nothing() -> None:
    params, model_state, _ = stepped(batch_of([0, 0, 0, 0]))
    expected = (STATE.params, STATE.model_state)
    jax.tree.map(np.testing.assert_array_equal, (params, model_state), expected)


def test_devices_with_unequal_numbers_of_real_rows_train_as_one() -> None:
    padded = batch_of([1, 1, 1, 0, 0, 0, 1, 0, *[0] * 8])
    step = dl.pmap_step(dl.make_train_step(OBJECTIVE, OPTIMIZER, axis_name=AXIS))
    state, _ = step(dl.replicate(STATE, jax.devices()), dl.shard(padded, 8))
    after = dl.unreplicate(state)
    assert_close((after.params, after.model_state), stepped(only_real(padded))[:2])


def test_frozen_batch_norm_still_uses_its_running_statistics() -> None:
    recipe = freeze(dl.Recipe(MODEL, OBJECTIVE, OPTIMIZER), ["places"])
    with over_real_rows(jnp.ones(4)):
        _, after, _ = recipe.objective(
            STATE.params, STATE.model_state, batch_of([1] * 4), train=True, key=jax.random.key(0)
        )
    before = STATE.model_state["batch_stats"]
    jax.tree.map(np.testing.assert_array_equal, after["batch_stats"]["places"], before["places"])
    assert not np.array_equal(after["batch_stats"]["rows"]["mean"], before["rows"]["mean"])


def norm_of(x: Any, mask: Any, **options: Any) -> Any:
    """Mean and variance that a layer takes, kept whole because its momentum is 0."""
    norm = nn.BatchNorm(use_running_average=False, momentum=0.0, **options)
    variables = norm.init(jax.random.key(0), x)
    with over_real_rows(jnp.asarray(mask)):
        return norm.apply(variables, x, mutable=["batch_stats"])[1]["batch_stats"]


STEPS = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]], np.float32)
VALUES = np.arange(12, dtype=np.float32).reshape(2, 3, 2) ** 2


@pytest.mark.parametrize(
    ("x", "mask", "real", "options"),
    [
        (VALUES, STEPS, VALUES[STEPS > 0], {}),
        (VALUES, STEPS, VALUES[STEPS > 0], {"use_fast_variance": False}),
        (VALUES.reshape(6, 2), STEPS, VALUES[STEPS > 0], {}),
        (VALUES, [1.0, 0.0], VALUES[:1].reshape(-1, 2), {}),
        (VALUES[:, 0], STEPS, VALUES[:, 0], {}),
        (VALUES.reshape(6, 2), [1.0, 0.0], VALUES[:1].reshape(-1, 2), {}),
        (np.moveaxis(VALUES, 2, 1), [1.0, 0.0], VALUES[:1].reshape(-1, 2), {"axis": 1}),
        (VALUES[0], [1.0, 0.0], VALUES[0], {}),  # three rows are not those of this batch
        (jnp.asarray(VALUES, jnp.bfloat16), [1.0, 0.0], VALUES[:1].reshape(-1, 2), {}),
    ],
)
def test_masks_of_rows_and_of_steps(x: Any, mask: Any, real: Any, options: Any) -> None:
    taken = norm_of(x, mask, **options)
    np.testing.assert_allclose(taken["mean"], real.mean(axis=0), rtol=1e-2)
    np.testing.assert_allclose(taken["var"], real.var(axis=0), rtol=1e-2)
