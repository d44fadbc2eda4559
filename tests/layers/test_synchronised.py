"""Batch norm over a mapped axis, also that of a module which knows nothing of devices."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import dl
from dl.layers.synchronised import synchronised
from dl.train.parallel import AXIS

INPUTS = np.random.default_rng(0).normal(2.0, 3.0, size=(8, 2, 5)).astype(np.float32)


class Strange(nn.Module):
    """A net as somebody else would write it."""

    @nn.compact
    def __call__(self, inputs: Any, *, train: bool = False) -> Any:
        return nn.Dense(3)(nn.BatchNorm()(nn.Dense(4)(inputs), use_running_average=not train))


def normalised(x: Any, *, within: str | None, **options: Any) -> Any:
    norm = nn.BatchNorm(use_running_average=False, use_bias=False, use_scale=False, **options)
    state = {"batch_stats": {"mean": jnp.zeros(5), "var": jnp.ones(5)}}
    with synchronised(within):
        return norm.apply(state, x, mutable=["batch_stats"])


@pytest.mark.parametrize(
    ("within", "own", "over_all"),
    [(AXIS, None, True), (None, None, False), (None, AXIS, True), ("no such axis", AXIS, True)],
)
def test_statistics_are_those_of_all_devices_where_it_is_asked_for(
    within: str | None, own: str | None, over_all: bool
) -> None:
    def apply(x: Any) -> Any:
        return normalised(x, within=within, axis_name=own)

    outputs, after = jax.pmap(apply, axis_name=AXIS)(INPUTS)
    batches = [INPUTS.reshape(16, 5)] * 8 if over_all else INPUTS
    for device, batch in enumerate(batches):
        expected, state = normalised(batch, within=None)
        expected = expected.reshape(8, 2, 5)[device] if over_all else expected
        np.testing.assert_allclose(outputs[device], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            after["batch_stats"]["mean"][device], state["batch_stats"]["mean"], rtol=1e-4
        )


@pytest.mark.slow
def test_somebody_else_s_net_trains_alike_on_one_device_and_on_eight() -> None:
    model, optimizer = dl.models.from_linen(Strange()), dl.optimizers.momentum(0.1)
    objective = dl.objectives.classification(model)
    state = dl.init_state(model, optimizer, jnp.zeros((1, 5)), seed=0)
    batch = {
        "inputs": INPUTS.reshape(16, 5),
        "targets": np.arange(16) % 3,
        "mask": np.ones(16, np.float32),
        "index": np.arange(16),
    }
    expected, _ = jax.jit(dl.make_train_step(objective, optimizer))(state, batch)
    step = dl.pmap_step(dl.make_train_step(objective, optimizer, axis_name=AXIS))
    after, _ = step(dl.replicate(state, jax.devices()), dl.shard(batch, 8))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5),
        (dl.unreplicate(after).params, dl.unreplicate(after).model_state),
        (expected.params, expected.model_state),
    )
