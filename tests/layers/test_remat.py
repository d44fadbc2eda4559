"""Blocks that are computed again: the same gradients, and less memory in the compiled program."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.layers.remat import blocks_again, computed_again
from dl.train.parallel import AXIS

RNG = np.random.default_rng(0)
PICTURES = RNG.normal(size=(8, 8, 8, 3)).astype(np.float32)


def models() -> dict[str, Any]:
    return {
        "mlp": dl.models.mlp(3, hidden_sizes=(8, 8), dropout=0.5),
        "resnet": dl.models.cifar_resnet(8, 3, features=(2, 4, 4)),
        "lstm": dl.models.sequence_model("lstm", 3, hidden_size=4, num_layers=2),
    }


@cache
def case(name: str) -> Any:
    model, inputs = models()[name], PICTURES if name != "lstm" else PICTURES[:, 0]
    objective, optimizer = dl.objectives.classification(model), dl.optimizers.momentum(0.1)
    batch = {
        "inputs": inputs,
        "targets": np.arange(8, dtype=np.int32) % 3,
        "mask": np.ones(8, np.float32),
        "index": np.arange(8, dtype=np.int32),
    }
    state = jax.jit(lambda: dl.init_state(model, optimizer, inputs[:1], seed=0))()
    return state, batch, lambda **how: dl.make_train_step(objective, optimizer, **how)


def assert_close(left: Any, right: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), left, right)


def kept(state: Any) -> Any:
    return state.params, state.model_state, state.opt_state


@pytest.mark.parametrize(
    "name", ["mlp", *(pytest.param(n, marks=pytest.mark.slow) for n in ("resnet", "lstm"))]
)
def test_gradients_dropout_and_statistics_are_those_without(name: str) -> None:
    state, batch, make = case(name)
    (plain, sums), (again, same) = (
        jax.jit(make(remat=remat))(state, batch) for remat in (False, True)
    )
    assert_close(kept(again), kept(plain))
    assert_close(same, sums)


@pytest.mark.slow
def test_a_mapped_net_with_batch_norm_computes_the_same_again() -> None:
    state, batch, make = case("resnet")
    devices = jax.devices()[:2]
    plain, again = (
        dl.unreplicate(
            dl.pmap_step(make(remat=remat, axis_name=AXIS), devices)(
                dl.replicate(state, devices), dl.shard(batch, 2)
            )
        )[0]
        for remat in (False, True)
    )
    assert_close(kept(again), kept(plain))


def layers(params: list[Any], x: Any, *, again: bool) -> Any:
    def layer(w: Any, x: Any) -> Any:
        return jnp.tanh(jnp.sin(jnp.exp(-jnp.square(x @ w))))

    for w in params:
        x = (computed_again(layer) if again else layer)(w, x)
    return jnp.sum(x)


def test_the_compiled_program_needs_less_memory() -> None:
    """Also on a CPU, whose compiler merges what `jax.checkpoint` would compute again."""
    params = [jax.ShapeDtypeStruct((64, 64), jnp.float32)] * 6
    x = jax.ShapeDtypeStruct((4096, 64), jnp.float32)

    def bytes_of(again: bool) -> int:
        gradient = jax.grad(lambda params, x: layers(params, x, again=again))
        return jax.jit(gradient).lower(params, x).compile().memory_analysis().temp_size_in_bytes

    assert bytes_of(True) < 0.6 * bytes_of(False)


def test_what_is_computed_again_is_right_where_the_slope_is_not_finite() -> None:
    function = computed_again(lambda x: jnp.sum(jnp.sqrt(x)))
    np.testing.assert_array_equal(jax.grad(function)(jnp.array([0.0, 4.0])), [np.inf, 0.25])
    scaled = jax.grad(lambda x: jnp.nan * function(x))(jnp.array([4.0]))
    assert np.isnan(scaled).all()


def test_blocks_are_the_modules_that_the_net_calls() -> None:
    state, batch, _ = case("resnet")
    with blocks_again() as blocks:
        jax.eval_shape(models()["resnet"].apply, state.params, state.model_state, batch["inputs"])
    assert blocks == set(state.params)


def test_a_model_without_blocks_is_refused() -> None:
    data = dl.load_data("xor")
    model = dl.from_functions(
        lambda key, inputs: {"w": jnp.zeros((2, 1))}, lambda params, x: x @ params["w"], name="own"
    )
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    options = dl.TrainOptions(epochs=1, batch_size=4, validation=0.0, remat=True)
    with pytest.raises(dl.InputError, match="own has no blocks of Flax linen"):
        dl.fit(recipe, data, options, progress=False)
