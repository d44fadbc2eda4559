"""Chunks, records and checkpoints lie where the options say, whatever step a run resumes at."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dl.errors import InputError
from dl.train.options import TrainOptions
from dl.train.plan import Plan, make_plan

plans = st.builds(
    Plan,
    steps_per_epoch=st.integers(1, 40),
    epochs=st.integers(1, 4),
    steps_per_call=st.integers(1, 40),
    log_every=st.integers(1, 20),
    evaluate_every=st.integers(1, 3),
    checkpoint_every=st.integers(1, 3),
)


def chunks(plan: Plan) -> list[tuple[int, int]]:
    step, found = 0, []
    while step < plan.total_steps:
        found.append((step, plan.call_end(step)))
        step = found[-1][1]
    return found


@settings(max_examples=60, deadline=None)
@given(plans)
def test_chunks_cover_every_step_and_end_with_epochs(plan: Plan) -> None:
    ends = [end for _, end in chunks(plan)]
    assert all(end > start for start, end in chunks(plan))
    assert ends[-1] == plan.total_steps
    assert all(epoch * plan.steps_per_epoch in ends for epoch in range(1, plan.epochs + 1))
    assert all(end - start <= plan.steps_per_call for start, end in chunks(plan))


@settings(max_examples=60, deadline=None)
@given(plans)
def test_each_epoch_end_is_recorded_and_the_last_one_kept(plan: Plan) -> None:
    for _, end in chunks(plan):
        if plan.is_epoch_end(end):
            assert plan.records_after(end)
    assert plan.evaluates_after(plan.total_steps)
    assert plan.checkpoints_after(plan.total_steps)


def test_records_fall_on_every_log_boundary() -> None:
    plan = Plan(steps_per_epoch=25, epochs=1, steps_per_call=5, log_every=10)
    assert [end for _, end in chunks(plan) if plan.records_after(end)] == [10, 20, 25]


def test_checkpoints_follow_their_cadence() -> None:
    plan = Plan(steps_per_epoch=2, epochs=5, steps_per_call=1, log_every=1, checkpoint_every=2)
    assert [step for step in range(1, 11) if plan.checkpoints_after(step)] == [4, 8, 10]


def test_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(InputError, match="batch size 128 is larger than the 100 training examples"):
        make_plan(TrainOptions(batch_size=128), train_size=100, steps_per_call=1)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("epochs", 0, "epochs is 0; it must be at least 1"),
        ("batch_size", -1, "batch_size is -1"),
        ("learning_rate", -0.1, "learning_rate is -0.1; it must be above 0"),
        ("learning_rate", float("nan"), "learning_rate is nan; it must be a finite number"),
        ("learning_rate", float("inf"), "learning_rate is inf"),
        ("validation", 1.0, "validation is 1.0"),
        ("seed", -3, "seed is -3"),
    ],
)
def test_options_out_of_range_are_refused(option: str, value: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainOptions(**{option: value})
