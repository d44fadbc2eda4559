"""Training in one call: the same bits with any chunk length, through interruptions, and for a given
seed.
"""

import math
import signal
from dataclasses import replace
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.ragged import ragged_source
from dl.errors import InputError, RunError
from dl.train.loop import Record, stops_early

OPTIONS = dl.TrainOptions(
    dataset="moons",
    epochs=3,
    batch_size=50,
    learning_rate=0.1,
    validation=0.2,
    log_every=4,
    devices=1,
)


def make_recipe(learning_rate: float = 0.1) -> Any:
    model = dl.models.mlp(1, hidden_sizes=(8,), dropout=0.2)
    return dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.momentum(learning_rate))


def fit(options: dl.TrainOptions = OPTIONS, **keywords: Any) -> dl.Trained:
    data = dl.load_data(options.dataset, validation=options.validation)
    return dl.fit(make_recipe(options.learning_rate), data, options, progress=False, **keywords)


@cache
def whole(options: dl.TrainOptions = OPTIONS) -> dl.Trained:
    """An uninterrupted training; tests share it."""
    return fit(options)


def bits(fitted: dl.Trained) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(fitted.state.params)]


def without_rate(history: list[Record]) -> list[Record]:
    return [replace(record, examples_per_second=None) for record in history]


@pytest.mark.slow
def test_any_number_of_scanned_steps_gives_the_same_bits() -> None:
    reference = fit(replace(OPTIONS, steps_per_call=1))
    for steps in (2, 3, 15, 16):
        assert bits(fit(replace(OPTIONS, steps_per_call=steps))) == bits(reference)


@pytest.mark.slow
def test_another_seed_gives_other_parameters_and_the_same_seed_the_same() -> None:
    assert bits(fit()) == bits(whole())
    assert bits(fit(replace(OPTIONS, seed=1))) != bits(whole())


@pytest.mark.slow
def test_interrupted_and_resumed_equals_uninterrupted() -> None:
    def stop_once(record: Record) -> None:
        if record.step == 20:
            signal.raise_signal(signal.SIGINT)

    stopped = fit(replace(OPTIONS, steps_per_call=4), on_record=stop_once)
    assert stopped.interrupted
    assert int(stopped.state.step) == 20
    resumed = fit(replace(OPTIONS, steps_per_call=4), resume=stopped)
    uninterrupted = whole(replace(OPTIONS, steps_per_call=4))
    assert bits(resumed) == bits(uninterrupted)
    assert without_rate(resumed.history) == without_rate(uninterrupted.history)


def test_a_callback_that_answers_stop_ends_training_like_an_interruption() -> None:
    options = replace(OPTIONS, steps_per_call=4)
    heard: list[Record] = []

    def stop_at_20(record: Record) -> object:
        heard.append(record)
        return dl.STOP if record.step == 20 else True  # of other answers none stops

    stopped = fit(options, on_record=stop_at_20)
    assert (stopped.step, stopped.interrupted) == (20, True)
    assert stopped.history == heard
    resumed = fit(options, resume=stopped)
    assert not resumed.interrupted
    assert bits(resumed) == bits(whole(options))
    assert without_rate(resumed.history) == without_rate(whole(options).history)


def test_stop_at_the_last_record_leaves_nothing_to_resume() -> None:
    def stop_at_end(record: Record) -> object:
        return dl.STOP if record.step == 48 and record.split == "validation" else None

    ended = fit(replace(OPTIONS, steps_per_call=4), on_record=stop_at_end)
    assert (ended.step, ended.interrupted) == (48, False)


@pytest.mark.slow
def test_interrupted_between_two_records_loses_no_sums() -> None:
    calls: list[int] = []

    def interrupt(step: int, original: Any) -> Any:
        calls.append(step)
        if len(calls) == 7:
            signal.raise_signal(signal.SIGTERM)
        return original(step)

    original = dl.train.progress.Progress.advance
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            dl.train.progress.Progress,
            "advance",
            lambda self, step: interrupt(step, lambda s: original(self, s)),
        )
        stopped = fit(replace(OPTIONS, steps_per_call=1, log_every=100))
    assert int(stopped.state.step) == 7
    resumed = fit(replace(OPTIONS, steps_per_call=1, log_every=100), resume=stopped)
    uninterrupted = whole(replace(OPTIONS, steps_per_call=1, log_every=100))
    assert bits(resumed) == bits(uninterrupted)
    assert without_rate(resumed.history) == without_rate(uninterrupted.history)


def test_training_goes_on_towards_more_epochs() -> None:
    short = fit(replace(OPTIONS, epochs=1))
    longer = fit(OPTIONS, resume=short)
    assert bits(longer) == bits(whole())


def test_patience_stops_when_validation_gets_no_better() -> None:
    fitted = fit(replace(OPTIONS, epochs=200, patience=2))
    losses = [record.values["loss"] for record in fitted.history if record.split == "validation"]
    assert len(losses) < 200
    assert min(losses) == losses[-3]
    assert stops_early(fitted.history, patience=2)


def test_training_stops_at_the_first_record_whose_loss_is_below_the_threshold() -> None:
    fitted = fit(replace(OPTIONS, epochs=200, stop_below=0.3))
    losses = [record.values["loss"] for record in fitted.history if record.split == "train"]
    assert losses[-1] < 0.3 <= min(losses[:-1])
    assert not fitted.interrupted
    assert int(fitted.state.step) == fitted.history[-1].step
    # It is the unchanged training up to there, so the other bits are those of a longer one.
    assert (
        losses[:2]
        == [record.values["loss"] for record in whole().history if record.split == "train"][:2]
    )


def test_a_threshold_of_0_never_stops_even_where_the_loss_is_negative() -> None:
    low = [Record(1, 1.0, "train", {"loss": -5.0}), Record(1, 1.0, "validation", {"loss": -9.0})]
    assert not stops_early(low)
    assert stops_early(low, stop_below=0.1)
    assert not stops_early(low[1:], stop_below=0.1), "the validation loss is patience's"


def test_a_validation_loss_that_is_no_number_is_worse_than_any_other() -> None:
    losses = [math.nan, 3.0, 2.0, 1.0]
    records = [Record(n, n, "validation", {"loss": loss}) for n, loss in enumerate(losses)]
    assert not stops_early(records, patience=2)
    assert stops_early(records[:1] * 3, patience=2)
    assert stops_early(records[1:2] + records[:1] * 2, patience=2)


def test_non_finite_loss_names_the_step_and_the_remedies() -> None:
    with pytest.raises(
        RunError, match=r"the loss is (nan|inf) in the steps up to \d+: lower --learning-rate"
    ):
        fit(replace(OPTIONS, learning_rate=1e30, epochs=5))


def test_one_compilation_serves_chunks_of_every_length() -> None:
    data = dl.load_data("moons", validation=0.2)
    layout = dl.train.layout.make_layout(devices=1, batch_size=50)
    compiled = dl.train.compiled.compile_recipe(
        make_recipe(), data, replace(OPTIONS, steps_per_call=5), layout
    )
    dl.train.loop.train_loop(compiled, compiled.start(None))
    assert compiled.guard.count == 1


@pytest.mark.slow
def test_sequences_of_many_lengths_compile_once_a_bucket() -> None:
    lengths = np.random.default_rng(0).integers(1, 30, 40)
    rows = [np.arange(length, dtype=np.float32)[:, None] for length in lengths]
    train = ragged_source(rows, (lengths % 2).astype(np.int32), buckets=3)
    spec = DataSpec(
        "lengths", "classification", (30, 1), "float32", ("even", "odd"), 40, ragged=True
    )
    model = dl.models.sequence_model("rnn", 2, hidden_size=3)
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))
    options = dl.TrainOptions(epochs=4, batch_size=4, steps_per_call=3, validation=0.0)
    layout = dl.train.layout.make_layout(devices=1, batch_size=4)
    compiled = dl.train.compiled.compile_recipe(
        recipe, Dataset(spec, train, train, train), options, layout
    )
    dl.train.loop.train_loop(compiled, compiled.start(None))
    assert len(set(lengths.tolist())) > 20
    assert compiled.guard.count == 3
    unmeasured = dl.train.compiled.compile_recipe(
        recipe, Dataset(spec, train, train, train), replace(options, steps_per_call=0), layout
    )
    assert unmeasured.plan.steps_per_call == 1, "neighbours of other lengths share no call"


def test_model_that_does_not_fit_the_data_is_refused_before_training() -> None:
    model = dl.models.mlp(7)
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))
    with pytest.raises(InputError, match="mlp has 7 outputs, digits has 10 classes"):
        dl.fit(recipe, dl.load_data("digits"), dl.TrainOptions(), progress=False)


def test_curve_of_a_fit_is_ready_to_plot() -> None:
    epochs, accuracy = whole().curve("validation", "accuracy")
    assert epochs == [1.0, 2.0, 3.0]
    assert all(0 <= value <= 1 for value in accuracy)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"batch_size": 25}, "batch_size is 25, and the training to resume has 50: give the same"),
        ({"seed": 1}, "seed is 1, and the training to resume has 0: give the same, or begin"),
        ({"epochs": 2}, "epochs is 2, and the training to resume has 3: give as many or more"),
        ({"validation": 0.1}, "moons is not what the training to resume has learned from"),
    ],
)
def test_resuming_refuses_what_changes_the_past(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        fit(replace(OPTIONS, **changed), resume=whole())


@pytest.mark.parametrize(
    ("model", "optimizer", "says"),
    [
        (dl.models.mlp(1, hidden_sizes=(8,)), dl.optimizers.momentum(0.2), "learning_rate is 0.2"),
        (dl.models.mlp(1, hidden_sizes=(8,)), dl.optimizers.sgd(0.1), "another optimizer than the"),
        (dl.models.mlp(1, hidden_sizes=(9,)), dl.optimizers.momentum(0.1), "another model than"),
    ],
)
def test_resuming_refuses_another_recipe(model: Any, optimizer: Any, says: str) -> None:
    recipe = dl.Recipe(model, dl.objectives.binary(model), optimizer)
    data = dl.load_data("moons", validation=OPTIONS.validation)
    with pytest.raises(InputError, match=says):
        dl.fit(recipe, data, OPTIONS, resume=whole(), progress=False)


def test_a_rate_in_the_options_alone_is_said_to_have_no_effect() -> None:
    data = dl.load_data("moons", validation=0.2)
    with pytest.warns(UserWarning, match=r"no effect.* learning_rate 0\.1: learning_rate 0\.3"):
        dl.fit(make_recipe(0.1), data, replace(OPTIONS, epochs=1, learning_rate=0.3))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"validation": 0.0, "patience": 2}, "patience needs held-out .*, and moons has none of"),
        ({"validation": 1e-4, "patience": 2}, "validation 0.0001 holds out none of the 1000 train"),
        ({"epochs": 10**11}, "epochs is 100000000000: at 16 steps an epoch it must be at most 134"),
        ({"batch_size": 10**12}, "batch size 1000000000000 is larger than the"),
    ],
)
def test_plans_that_cannot_be_followed_are_refused(options: dict[str, Any], says: str) -> None:
    changed = replace(OPTIONS, **options)
    data = dl.load_data("moons", validation=changed.validation)
    with pytest.raises(InputError, match=says):
        dl.fit(make_recipe(), data, changed, progress=False)


def test_patience_may_look_at_a_validation_part_of_the_data_set_itself() -> None:
    data = dl.make_dataset(POINTS, NUMBERS, validation=(POINTS[:10], NUMBERS[:10]))
    options = dl.TrainOptions(epochs=9, batch_size=15, validation=0.0, patience=2, devices=1)
    model = dl.models.mlp(2, hidden_sizes=())
    objective = dl.objectives.classification(model)
    fitted = dl.fit(dl.Recipe(model, objective), data, options, progress=False)
    assert fitted.curve("validation", "loss")[0]


POINTS = np.random.default_rng(0).normal(size=(30, 2))
NUMBERS = np.arange(30) % 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outputs", "objective", "y", "task"),
    [
        (2, dl.objectives.classification, NUMBERS.astype(float), "classification"),
        (2, dl.objectives.classification, NUMBERS == 1, "classification"),
        (2, dl.objectives.classification, np.eye(2)[NUMBERS], "classification"),
        (2, dl.objectives.classification, 2 * NUMBERS - 1, "classification"),
        (1, dl.objectives.binary, NUMBERS, "binary"),
        (1, dl.objectives.regression, NUMBERS * 7, "regression"),
    ],
)
def test_a_pair_is_read_for_the_task_of_the_objective(
    outputs: int, objective: Any, y: Any, task: str
) -> None:
    model = dl.models.mlp(outputs, hidden_sizes=(2,))
    recipe = dl.Recipe(model, objective(model), dl.optimizers.sgd(0.1))
    options = dl.TrainOptions(epochs=1, batch_size=9, steps_per_call=1, devices=1)
    assert dl.fit(recipe, (POINTS, y), options, progress=False).spec.task == task


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (2.0 * NUMBERS - 1, "binary targets are 0 and 1; y has -1: give truth values, such as y >"),
        (255 * NUMBERS, "binary targets are 0 and 1; y has 255: give truth values, such as y > 0"),
        (["a", "b"] * 15, "y has strings: give numbers, or task='classification'"),
    ],
)
def test_a_pair_that_is_not_yes_or_no_is_refused(y: Any, says: str) -> None:
    model = dl.models.mlp(1, hidden_sizes=(2,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    with pytest.raises(InputError, match=says):
        dl.fit(recipe, (POINTS, y), dl.TrainOptions(), progress=False)


def test_numbers_that_were_made_a_data_set_are_no_yes_or_no_either() -> None:
    model = dl.models.mlp(1, hidden_sizes=(2,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    data = dl.make_dataset(POINTS, 2.0 * NUMBERS - 1)
    with pytest.raises(InputError, match="those of arrays go from -1 to 1: give truth values"):
        dl.fit(recipe, data, dl.TrainOptions(batch_size=9), progress=False)


def test_fewer_examples_than_there_are_must_be_chosen_before() -> None:
    options = replace(OPTIONS, train_examples=20)
    with pytest.raises(InputError, match=r"train_examples is 20, .*limit\(data, train=20\)"):
        fit(options)
