"""Parameters split over devices: the rule, where arrays lie, what the compiled program needs."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dl
from dl.errors import InputError
from dl.train.compiled import Compiled, compile_recipe
from dl.train.fsdp import SMALLEST, bytes_on_device, split_axis
from dl.train.layout import make_layout

COUNT = 8


@given(st.lists(st.integers(1, 64), max_size=4), st.integers(1, 16))
def test_the_largest_axis_that_divides_is_split(shape: list[int], devices: int) -> None:
    axis = split_axis(tuple(shape), devices)
    divides = [size for size in shape if size % devices == 0]
    if axis is None:
        assert devices == 1 or not divides or np.prod(shape) < SMALLEST
    else:
        assert shape[axis] == max(divides)
        assert max(divides) not in shape[:axis]


def compiled(**options: Any) -> Compiled:
    rng = np.random.default_rng(0)
    pair = rng.normal(size=(64, 64)).astype(np.float32), rng.integers(0, 3, 64)
    data = dl.make_dataset(*pair, validation=0.0)
    model = dl.models.mlp(3, hidden_sizes=(128, 256), batch_normalised=True)
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.01))
    chosen = dl.TrainOptions(
        **{"batch_size": 16, "validation": 0.0, "ema": 0.9, "steps_per_call": 1, **options}
    )
    layout = make_layout(
        chosen.parallel, devices=chosen.devices or COUNT, batch_size=chosen.batch_size
    )
    return compile_recipe(recipe, data, chosen, layout)


@pytest.fixture(scope="module")
def split() -> Compiled:
    return compiled(parallel="fsdp")


def test_a_state_is_made_where_it_will_live_with_the_bits_of_one_device(split: Compiled) -> None:
    state = split.start(None).state
    alone = compiled(parallel="jit", devices=1).start(None).state
    jax.tree.map(np.testing.assert_array_equal, state.params, alone.params)
    for tree in (state.params, state.average, state.opt_state):
        for leaf in jax.tree.leaves(tree):
            (held,) = {shard.data.size for shard in leaf.addressable_shards}
            assert held == leaf.size // (COUNT if split_axis(leaf.shape, COUNT) is not None else 1)
    kernel = state.params["hidden2"]["kernel"]
    assert [shard.data.shape for shard in kernel.addressable_shards] == [(128, 32)] * COUNT


def test_what_is_counted_is_what_lies_on_a_device(split: Compiled) -> None:
    state = split.start(None).state
    trees = (state.params, state.average, state.opt_state)
    held = [
        sum(
            shard.data.nbytes
            for leaf in jax.tree.leaves(trees)
            for shard in leaf.addressable_shards
            if shard.device == device
        )
        for device in split.layout.devices
    ]
    assert held == [bytes_on_device(trees, COUNT)] * COUNT


@pytest.mark.slow
def test_a_step_leaves_the_state_where_it_was(split: Compiled) -> None:
    before = split.start(None)
    wanted = jax.tree.map(lambda leaf: leaf.sharding, before)
    after, _ = split.advance(before, 0, 1)
    same = jax.tree.map(
        lambda leaf, sharding: leaf.sharding.is_equivalent_to(sharding, leaf.ndim), after, wanted
    )
    assert all(jax.tree.leaves(same))


@pytest.mark.parametrize(
    ("parallel", "devices"), [("jit", COUNT), ("pmap", COUNT), ("fsdp", COUNT)]
)
@pytest.mark.slow
def test_batch_norm_is_that_of_the_whole_batch(parallel: str, devices: int) -> None:
    many, one = (
        compiled(parallel=mode, devices=count) for mode, count in ((parallel, devices), ("jit", 1))
    )
    states = []
    for each in (many, one):
        after, _ = each.advance(each.start(None), 0, 1)
        states.append(each.layout.fetch(after).state)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
        states[0].model_state,
        states[1].model_state,
    )
    (figures, expected) = (
        each.evaluate(each.layout.put(state), "test")
        for each, state in zip((many, one), states, strict=True)
    )
    assert figures == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_accumulation_draws_and_sums_alike() -> None:
    after = []
    for parallel, devices in (("jit", 1), ("fsdp", 4), ("pmap", 4)):
        each = compiled(parallel=parallel, devices=devices, accumulate=2)
        training, _ = each.advance(each.start(None), 0, 1)
        after.append(each.layout.fetch(training).state.params["output"]["kernel"])
    assert jnp.isfinite(after[0]).all()
    np.testing.assert_allclose(after[1], after[2], rtol=1e-5, atol=1e-6)


def test_accumulation_divides_the_rows_of_a_device() -> None:
    with pytest.raises(InputError, match="must divide the 2 examples of a batch on each device"):
        compiled(parallel="fsdp", accumulate=4)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_no_parameter_is_whole_for_longer_than_it_is_used(precision: str) -> None:
    """The program's own memory is that of a few layers, not of all twelve."""
    from dl.train.memory import size_in_bytes

    sizes, rng = (256,) * 12, np.random.default_rng(0)
    data = dl.make_dataset(
        rng.normal(size=(32, 256)).astype(np.float32), rng.integers(0, 3, 32), validation=0.0
    )
    model = dl.models.mlp(3, hidden_sizes=sizes)
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.01))
    options = dl.TrainOptions(
        batch_size=16, validation=0.0, parallel="fsdp", devices=COUNT, precision=precision
    )
    made = compile_recipe(
        recipe, data, options, make_layout("fsdp", devices=COUNT, batch_size=16), steps_per_call=1
    )
    needed = made.memory()
    training = made.expected()
    assert needed.argument_size_in_bytes < 1.2 * bytes_on_device(training.state, COUNT) + 2**16
    assert needed.temp_size_in_bytes < size_in_bytes(training.state.params) / 2
