"""The mean of the parameters of all steps from a share of the training on, and of batch norm's."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.train.parallel import jit_step, make_mesh
from dl.train.state import TrainState


def batch() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "inputs": rng.normal(size=(8, 4, 4, 1)).astype(np.float32),
        "targets": rng.integers(0, 3, 8).astype(np.int32),
        "mask": np.ones(8, np.float32),
        "index": np.arange(8, dtype=np.int32),
    }


@cache
def case() -> tuple[Any, TrainState]:
    """The step of a net with batch norm that is averaged after two steps, and its first state."""
    model = dl.models.vgg(
        11, 3, convolutions=(1,), features=(2,), head="mean", batch_normalised=True
    )
    optimizer = dl.optimizers.sgd(0.5)
    state = dl.init_state(
        model, optimizer, batch()["inputs"], seed=1, averaged=True, averaged_state=True
    )
    objective = dl.objectives.classification(model)
    return dl.make_train_step(objective, optimizer, average_after=2), state


def assert_close(left: Any, right: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), left, right)


def test_until_then_it_is_the_net_itself_and_afterwards_the_mean_of_all_steps() -> None:
    step, state = case()
    step, seen = jax.jit(step), []
    for number in range(1, 6):
        state = step(state, batch())[0]
        seen.append((state.params, state.model_state))
        expected = jax.tree.map(
            lambda *leaves: np.mean(leaves, axis=0, dtype=np.float64), *seen[min(number - 1, 2) :]
        )
        assert_close((state.evaluated_params, state.evaluated_state), expected)
    assert float(jnp.abs(seen[-1][0]["output"]["kernel"] - expected[0]["output"]["kernel"]).max())


def test_the_same_on_a_mesh() -> None:
    step, state = case()
    alone, spread = jax.jit(step), jit_step(step, make_mesh(jax.devices()[:2]))
    other = jax.tree.map(jnp.copy, state)
    for _ in range(4):
        state, other = alone(state, batch())[0], spread(other, batch())[0]
    assert_close(other.average, state.average)
    assert_close(other.average_state, state.average_state)


def test_earlier_selves_of_a_training_are_not_averaged() -> None:
    params = {"w": jnp.ones(2)}
    model_state = {"earlier": {"w": jnp.zeros(2)}, "batch_stats": {"mean": jnp.zeros(2)}}
    averages = {"batch_stats": {"mean": jnp.ones(2)}}
    state = TrainState(
        jnp.int32(0), jax.random.key(0), params, model_state, (), average_state=averages
    )
    assert set(state.evaluated_state) == {"earlier", "batch_stats"}
    assert state.evaluated_state["earlier"] is model_state["earlier"]
    assert state.evaluated_state["batch_stats"] is averages["batch_stats"]


def fitted(epochs: int, **changes: Any) -> dl.Trained:
    options = dl.TrainOptions(
        **{"epochs": epochs, "batch_size": 50, "learning_rate": 2.0, "average_from": 0.5, **changes}
    )
    data = dl.load_data("moons", validation=options.validation)
    model = dl.models.mlp(1, hidden_sizes=(3,))
    recipe = dl.Recipe(model, dl.objectives.binary(model))
    return dl.fit(recipe, data, options, progress=False)


def test_a_training_predicts_with_the_mean_of_its_second_half() -> None:
    trained = fitted(2)
    assert trained.options.averages_after(trained.spec) == trained.step // 2
    newest, mean = (tree["output"]["kernel"] for tree in (trained.state.params, trained.params))
    assert float(jnp.abs(newest - mean).max()) > 0
    assert trained.params is trained.state.average


def test_one_mean_at_a_time() -> None:
    with pytest.raises(dl.InputError, match=r"average_from is 0\.5 and ema is 0\.9.*leave one"):
        dl.TrainOptions(average_from=0.5, ema=0.9)


def mixed(**changes: Any) -> dl.Trained:
    """A net with batch norm on pictures that are erased and mixed, averaged from the middle on."""
    options = dl.TrainOptions(
        epochs=2, batch_size=16, average_from=0.5, learning_rate=0.1, validation=0.0, **changes
    )
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (80, 8, 8, 1)).astype(np.uint8)
    data = dl.make_dataset(pictures, np.arange(80) % 10, validation=0.0)
    model = dl.models.vgg(
        11, 10, convolutions=(1,), features=(2,), head="mean", batch_normalised=True
    )
    augment = dl.augment.chain(dl.augment.erase(1.0), dl.augment.mixup(1.0, classes=10))
    recipe = dl.Recipe(model, dl.objectives.classification(model), augment=augment)
    return dl.fit(recipe, data, options, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["jit", "pmap", "fsdp"])
def test_a_training_with_mixup_is_the_same_on_two_devices(parallel: str) -> None:
    alone, spread = mixed(devices=1), mixed(devices=2, parallel=parallel)
    assert_close(spread.params, alone.params)
    assert_close(spread.model_state, alone.model_state)
    assert spread.history[-1].values == pytest.approx(alone.history[-1].values, rel=1e-4)
