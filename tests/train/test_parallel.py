"""The one step under jit, jit over a mesh, and pmap: the same parameters on 1 and on 8 devices."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.train.layout import Layout, make_layout
from dl.train.parallel import AXIS

BATCH = 32


def mlp_case() -> tuple[Any, tuple[int, ...]]:
    return dl.models.mlp(10, hidden_sizes=(16,)), (28, 28, 1)


def lenet_case() -> tuple[Any, tuple[int, ...]]:
    return dl.models.lenet(10, features=(4, 6), hidden_size=16), (28, 28, 1)


@pytest.fixture(params=[mlp_case, lenet_case], ids=["mlp", "lenet"])
def case(request: pytest.FixtureRequest) -> Any:
    """A model, its first state, an uneven masked batch, and a function that makes the step."""
    model, shape = request.param()
    objective, optimizer = dl.objectives.classification(model), dl.optimizers.momentum(0.1)
    rng = np.random.default_rng(0)
    batch = {
        "inputs": rng.normal(size=(BATCH, *shape)).astype(np.float32),
        "targets": rng.integers(0, 10, BATCH).astype(np.int32),
        "mask": (np.arange(BATCH) < 27).astype(np.float32),
        "index": np.arange(BATCH, dtype=np.int32),
    }
    state = jax.jit(lambda: dl.init_state(model, optimizer, jnp.zeros((1, *shape)), seed=0))()

    def make_step(axis_name: str | None = None) -> Any:
        return dl.make_train_step(objective, optimizer, axis_name=axis_name)

    return state, batch, make_step


def copy(tree: Any) -> Any:
    return jax.tree.map(jnp.copy, tree)


def run_jit(case: Any) -> tuple[Any, Any]:
    state, batch, make_step = case
    return dl.jit_step(make_step())(copy(state), batch)


def run_mesh(case: Any) -> tuple[Any, Any]:
    state, batch, make_step = case
    return dl.jit_step(make_step(), dl.make_mesh())(copy(state), batch)


def run_pmap(case: Any) -> tuple[Any, Any]:
    state, batch, make_step = case
    replicated = dl.replicate(state, jax.devices())
    return dl.unreplicate(dl.pmap_step(make_step(AXIS))(replicated, dl.shard(batch, 8)))


@pytest.mark.parametrize("run", [run_mesh, run_pmap])
def test_eight_devices_give_the_parameters_of_one(case: Any, run: Any) -> None:
    assert len(jax.devices()) == 8
    (one, one_sums), (eight, eight_sums) = run_jit(case), run(case)
    for expected, actual in zip(
        jax.tree.leaves(one.params), jax.tree.leaves(eight.params), strict=True
    ):
        np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=1e-4, atol=1e-6)
    expected, actual = dl.metrics.compute(one_sums), dl.metrics.compute(eight_sums)
    assert actual == pytest.approx(expected, rel=1e-5)
    assert eight_sums["loss"].count == 27


def test_step_changes_parameters_and_donates_the_state(case: Any) -> None:
    state, batch, make_step = case
    given = copy(state)
    after, _ = dl.jit_step(make_step())(given, batch)
    changes = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), after.params, state.params)
    assert max(jax.tree.leaves(changes)) > 0
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(given.params))


@pytest.mark.slow
@pytest.mark.parametrize("accumulate", [1, 2])
def test_every_row_has_its_own_dropout_mask_whatever_the_layout(accumulate: int) -> None:
    model = dl.models.mlp(10, hidden_sizes=(64,), dropout=0.5)
    objective, optimizer = dl.objectives.classification(model), dl.optimizers.sgd(0.1)
    state = dl.init_state(model, optimizer, jnp.zeros((1, 4)), seed=0)
    rows = {
        "inputs": np.ones((16, 4), np.float32),
        "targets": np.zeros(16, np.int32),
        "mask": np.ones(16, np.float32),
        "index": np.arange(16, dtype=np.int32),
    }
    key = jax.random.fold_in(state.key, state.step)
    outputs = model.apply(state.params, {}, rows["inputs"], train=True, key=key)[0]
    assert len(np.unique(np.asarray(outputs), axis=0)) == 16
    _, whole = jax.jit(dl.make_train_step(objective, optimizer))(state, rows)
    step = dl.make_train_step(objective, optimizer, axis_name=AXIS, accumulate=accumulate)
    _, parts = dl.pmap_step(step)(dl.replicate(state, jax.devices()), dl.shard(rows, 8))
    np.testing.assert_allclose(parts["loss"].sum[0], whole["loss"].sum, rtol=1e-5)


@cache
def fit_moons(**layout: Any) -> dl.Trained:
    data = dl.load_data("moons", validation=0.2)
    model = dl.models.mlp(1, hidden_sizes=(8,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.adam(0.01))
    options = dl.TrainOptions(epochs=2, batch_size=64, validation=0.2, **layout)
    return dl.fit(recipe, data, options, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "devices"), [("jit", 1), ("jit", 8), ("pmap", 1), ("pmap", 8), ("fsdp", 8)]
)
def test_whole_training_is_the_same_in_every_layout(mode: str, devices: int) -> None:
    fitted, one = fit_moons(parallel=mode, devices=devices), fit_moons(devices=1)
    assert [record.step for record in fitted.history] == [record.step for record in one.history]
    for mine, reference in zip(fitted.history, one.history, strict=True):
        assert mine.values == pytest.approx(reference.values, rel=1e-4)


def test_layout_refuses_what_it_cannot_share() -> None:
    with pytest.raises(InputError, match="30 does not divide over 8 devices: use 24 or 32"):
        make_layout("pmap", devices=8, batch_size=30)
    with pytest.raises(InputError, match=r"9 devices asked for, 8 cpu .* a number up to 8"):
        make_layout("jit", devices=9, batch_size=30)
    with pytest.raises(InputError, match="'tpu' is not one of"):
        make_layout("tpu", batch_size=30)


def test_layout_takes_as_many_devices_as_divide_the_batch() -> None:
    assert len(make_layout(batch_size=12).devices) == 6
    assert len(make_layout(batch_size=1).devices) == 1


@pytest.mark.parametrize("mode", ["jit", "pmap"])
@pytest.mark.parametrize("count", [1, 8])
def test_put_copies_and_fetch_gives_back(mode: Any, count: int) -> None:
    layout = Layout(mode, tuple(jax.devices()[:count]))
    tree = {"weights": jnp.arange(6.0), "key": jax.random.key(3)}
    placed = layout.put(tree)
    jax.tree.map(lambda leaf: leaf.delete(), placed)
    np.testing.assert_array_equal(np.asarray(tree["weights"]), np.arange(6.0))
    fetched = layout.fetch(layout.put(tree))
    np.testing.assert_array_equal(np.asarray(fetched["weights"]), np.arange(6.0))
    assert jnp.array_equal(jax.random.key_data(fetched["key"]), jax.random.key_data(tree["key"]))
