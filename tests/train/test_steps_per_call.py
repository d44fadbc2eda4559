"""The number of steps a call: chosen within its bounds, and without a trace in the numbers."""

from dataclasses import replace

import hypothesis.strategies as st
import jax
import numpy as np
import pytest
from hypothesis import given, settings

import dl
from dl.train.compiled import compile_recipe
from dl.train.layout import make_layout
from dl.train.steps_per_call import (
    choose_steps_per_call,
    find_steps_per_call,
    with_best_steps_per_call,
)

OPTIONS = dl.TrainOptions(dataset="digits", epochs=1, batch_size=64, validation=0.0, devices=1)


def bits(tree: object) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


def lenet5_recipe() -> dl.Recipe:
    model = dl.models.lenet5(10)
    return dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))


def mlp_recipe() -> dl.Recipe:
    model = dl.models.mlp(10, hidden_sizes=(16,))
    return dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))


@settings(max_examples=200, deadline=None)
@given(one=st.floats(1e-5, 1.0), each=st.floats(1e-5, 1.0), most=st.integers(1, 100))
def test_the_choice_is_the_fewest_steps_that_hide_a_call(
    one: float, each: float, most: int
) -> None:
    chosen = choose_steps_per_call(one, each, most=most)
    call = max(one - each, 0.0)
    assert 1 <= chosen <= most
    assert chosen == most or call / chosen <= 0.02 * each
    assert all(call / fewer > 0.02 * each for fewer in (1, 2, 5, 10, 20, 50) if fewer < chosen)


@pytest.mark.slow
def test_measuring_leaves_the_training_as_it_is() -> None:
    data = dl.load_data("digits", validation=0.0)
    compiled = compile_recipe(mlp_recipe(), data, OPTIONS, make_layout(devices=1, batch_size=64))
    training = compiled.start(None)
    before = bits(training.state.params)
    better = with_best_steps_per_call(compiled, training)
    assert bits(training.state.params) == before
    assert 1 <= better.plan.steps_per_call <= compiled.plan.steps_per_call
    assert compiled.guard.count == 1


@pytest.mark.slow
def test_no_trial_where_only_single_steps_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dl.load_data("digits", validation=0.0)
    compiled = compile_recipe(lenet5_recipe(), data, OPTIONS, make_layout(devices=1, batch_size=64))

    def refuse(*args: object) -> None:
        raise AssertionError("a trial was made")

    monkeypatch.setattr(type(compiled), "advance", refuse)
    assert find_steps_per_call(compiled, compiled.start(None)) == 1


@pytest.mark.slow
def test_convolutions_too_give_the_same_bits_with_any_number_of_steps() -> None:
    data = dl.load_data("digits", validation=0.0)
    ends = [
        dl.fit(lenet5_recipe(), data, replace(OPTIONS, steps_per_call=k), progress=False)
        for k in (1, 3, 0)
    ]
    assert bits(ends[0].state.params) == bits(ends[1].state.params) == bits(ends[2].state.params)


@pytest.mark.slow
def test_records_do_not_depend_on_the_number_of_steps() -> None:
    data = dl.load_data("digits", validation=0.0)
    fits = [
        dl.fit(mlp_recipe(), data, replace(OPTIONS, steps_per_call=k, log_every=5), progress=False)
        for k in (1, 3, 7, 0)
    ]
    records = [
        [replace(record, examples_per_second=None) for record in one.history] for one in fits
    ]
    assert records[0] == records[1] == records[2] == records[3]
    assert [record.step for record in records[0]] == [5, 10, 15, 20, 22]
