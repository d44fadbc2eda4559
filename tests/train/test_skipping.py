"""Steps that are not finite: left out bit for bit, counted, and bounded, in every mode."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dl
from dl.objectives.binding import bind
from dl.train.parallel import AXIS
from dl.types import Ratio

MODEL = dl.models.mlp(3, hidden_sizes=(4,))
OBJECTIVE = dl.objectives.classification(MODEL)
OPTIMIZER = dl.optimizers.momentum(0.5)
MOST = 2


def batch(number: int, *, broken: bool = False) -> dict[str, Any]:
    rng = np.random.default_rng(number)
    inputs = rng.normal(size=(8, 5)).astype(np.float32)
    if broken:
        inputs[number % 8, 2] = np.nan  # one row, and so one device of several
    return {
        "inputs": inputs,
        "targets": rng.integers(0, 3, 8).astype(np.int32),
        "mask": np.ones(8, np.float32),
        "index": np.arange(8, dtype=np.int32),
    }


def first() -> Any:
    rows = jnp.zeros((1, 5))
    return dl.init_state(MODEL, OPTIMIZER, rows, seed=1, averaged=True, skips=True)


@cache
def step(axis_name: str | None = None, **how: Any) -> Any:
    return dl.make_train_step(
        OBJECTIVE, OPTIMIZER, axis_name=axis_name, ema=0.9, most_skipped=MOST, **how
    )


@cache
def compiled() -> Any:
    return jax.jit(step())


def run(broken: list[bool]) -> tuple[list[Any], list[Any]]:
    states, sums = [first()], []
    for number, is_broken in enumerate(broken):
        state, added = compiled()(states[-1], batch(number, broken=is_broken))
        states.append(state)
        sums.append(added)
    return states, sums


def kept(state: Any) -> Any:
    return (state.params, state.model_state, state.opt_state, state.carry, state.average)


def same_bits(left: Any, right: Any) -> bool:
    return all(
        np.array_equal(a, b)
        for a, b in zip(jax.tree.leaves(kept(left)), jax.tree.leaves(kept(right)), strict=True)
    )


@settings(max_examples=25)
@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_the_state_is_that_of_the_good_steps_until_too_many_fail(broken: list[bool]) -> None:
    states, sums = run(broken)
    row = 0
    for number, is_broken in enumerate(broken):
        ended = row > MOST
        left_out = is_broken or ended
        before, after = states[number], states[number + 1]
        assert int(after.step) == number + 1
        assert same_bits(before, after) == left_out
        row = row + 1 if left_out else 0
        assert int(after.skipped) == row
        added = dl.metrics.compute(sums[number])
        assert added["skipped"] == left_out
        assert np.isnan(added["loss"]) == left_out  # of no example, and so of no broken one
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(kept(states[-1])))


def test_steps_are_those_of_a_training_that_skips_nothing() -> None:
    plain = jax.jit(dl.make_train_step(OBJECTIVE, OPTIMIZER, ema=0.9))
    ours, theirs = first(), first()
    for number in range(3):
        ours, theirs = compiled()(ours, batch(number))[0], plain(theirs, batch(number))[0]
    for left, right in zip(*map(jax.tree.leaves, (kept(ours), kept(theirs))), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-7)


def on_two_devices(broken: bool) -> dict[str, Any]:
    """One step as each mode makes it, with the broken row on the second of two devices."""
    devices, rows = jax.devices()[:2], batch(5, broken=broken)
    mesh = dl.jit_step(step(), dl.make_mesh(devices))(first(), rows)
    mapped = dl.pmap_step(step(AXIS), devices)(dl.replicate(first(), devices), dl.shard(rows, 2))
    members = jax.jit(jax.vmap(step(), in_axes=(0, None)))(
        jax.tree.map(lambda *leaves: jnp.stack(leaves), first(), first()), rows
    )
    return {
        "jit": compiled()(first(), rows),
        "mesh": mesh,
        "pmap, first": dl.unreplicate(mapped),
        "pmap, second": jax.tree.map(lambda leaf: leaf.addressable_shards[1].data[0], mapped),
        "members": jax.tree.map(lambda leaf: leaf[1], members),
        "accumulated": jax.jit(step(accumulate=4))(first(), rows),
    }


@pytest.mark.parametrize("broken", [True, False])
def test_all_devices_and_modes_decide_the_same(broken: bool) -> None:
    for mode, (state, sums) in on_two_devices(broken).items():
        assert same_bits(state, first()) == broken, mode
        assert (int(state.step), int(state.skipped)) == (1, int(broken)), mode
        assert float(sums["skipped"].sum) == float(broken), mode
        assert float(sums["loss"].count) == (0 if broken else 8), mode


def test_a_state_that_counts_nothing_is_refused() -> None:
    plain = dl.init_state(MODEL, OPTIMIZER, jnp.zeros((1, 5)), seed=1)
    with pytest.raises(dl.InputError, match=r"make it with init_state\(skips=True\)"):
        step()(plain, batch(0))


def fit(rate: float = 0.1, **options: Any) -> dl.Trained:
    """A training with a logarithm of inputs, some of which it does not have."""
    x = np.linspace(0.5, 2, 40, dtype=np.float32)[:, None]
    x[[3, 17]] = -1
    model = dl.from_functions(
        lambda key, inputs: {"w": jnp.ones(1)},
        lambda params, inputs: params["w"] * jnp.log(inputs),
        name="logarithm",
    )
    recipe = dl.Recipe(model, dl.objectives.regression(model), dl.optimizers.sgd(rate))
    given = {"epochs": 2, "batch_size": 4, "validation": 0.0, "log_every": 3, "devices": 1}
    data = dl.make_dataset(x, np.abs(x), test=(x[:2], np.abs(x[:2])))
    return dl.fit(recipe, data, dl.TrainOptions(**{**given, **options}), progress=False)


def test_a_training_goes_on_over_what_is_not_finite_and_counts_it() -> None:
    with pytest.raises(dl.RunError, match="the loss is nan in the steps up to"):
        fit()
    ours = fit(nonfinite="skip")
    counted = [record.values["skipped"] for record in ours.history]
    assert 2 <= sum(counted) <= 4  # two examples in each of two epochs
    assert np.isfinite([record.values["loss"] for record in ours.history]).all()
    assert ours.step == 20


def test_too_many_in_a_row_end_the_training_with_one_line() -> None:
    with pytest.raises(dl.RunError, match="more than 5 steps in a row, up to step 10, had a loss"):
        fit(rate=1e38, nonfinite="skip", most_skipped=5, log_every=10)


def test_records_wait_for_a_step_that_was_made() -> None:
    ours = fit(nonfinite="skip", log_every=1)
    steps = [record.step for record in ours.history]
    assert len(steps) < 20
    assert all(np.isfinite(record.values["loss"]) for record in ours.history)
    assert 1 <= sum(record.values["skipped"] for record in ours.history) <= 4


def test_records_wait_for_a_row_that_has_a_loss() -> None:
    """As in a batch of utterances that are all too short for their labels."""

    def report(outputs: jax.Array, batch: dict[str, Any]) -> dict[str, Ratio]:
        counted = batch["targets"] > 1
        error = jnp.where(counted, (outputs - batch["targets"]) ** 2, 0.0)
        return {"loss": Ratio(jnp.sum(error), jnp.sum(counted))}

    x = np.linspace(0, 2, 20, dtype=np.float32)[:, None]
    model = dl.models.mlp(1, hidden_sizes=())
    recipe = dl.Recipe(model, bind(model, report), dl.optimizers.sgd(0.1))
    given = {"epochs": 1, "batch_size": 1, "validation": 0.0, "log_every": 1, "devices": 1}
    data = dl.make_dataset(x, x, test=(x, x))
    history = dl.fit(recipe, data, dl.TrainOptions(**given), progress=False).history
    assert 9 <= len(history) <= 11
    assert all(np.isfinite(record.values["loss"]) for record in history)


def test_options_of_skipping_need_each_other() -> None:
    with pytest.raises(dl.InputError, match="most_skipped has no effect here: it needs nonfinite"):
        dl.TrainOptions(most_skipped=3)
