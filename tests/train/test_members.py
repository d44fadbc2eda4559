"""A population is its members, each as if it had been trained alone; together they answer."""

import math
from dataclasses import replace
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.data.dataset import Dataset
from dl.data.sources.arrays import ArraySource
from dl.errors import InputError
from dl.runs.experiment import load_experiment
from dl.runs.open_data import open_data
from dl.train import memory
from dl.train.traced import choose_layout

MLP = load_experiment("experiments.mlp_mnist")
LENET = load_experiment("experiments.lenet_mnist")
OPTIONS = MLP.options(
    dataset="digits",
    train_examples=100,
    epochs=2,
    batch_size=20,
    devices=1,
    hidden_size=6,
    optimizer="momentum",
    learning_rate=0.05,
    momentum=0.5,
    schedule="constant",
    dropout=0.2,
    weight_decay=0.01,
)
VARIED = {
    "learning_rate": (0.05, 0.2, 0.01),
    "momentum": (0.5, 0.0, 0.9),
    "dropout": (0.2, 0.5, 0.0),
    "weight_decay": (0.0, 0.01, 0.1),
    "label_smoothing": (0.0, 0.1, 0.3),
    "ema": (0.9, 0.0, 0.5),
    "clip": (0.0, 0.5, 2.0),
}


@cache
def data(options: Any = OPTIONS) -> Dataset:
    return open_data(options)


def fit(options: Any, experiment: Any = MLP, varied: Any = None, **how: Any) -> dl.Trained:
    recipe = experiment.recipe(options, data().spec)
    recipe = recipe.varied(varied) if varied else recipe
    return dl.fit(recipe, data(), options, progress=False, **how)


@cache
def population(devices: int = 1) -> dl.Trained:
    return fit(replace(OPTIONS, members=3, devices=devices), varied=VARIED)


@cache
def alone(number: int) -> dl.Trained:
    own = {name: values[number] for name, values in VARIED.items()}
    return fit(replace(OPTIONS, **own))


def assert_close(left: Any, right: Any, *, rtol: float = 2e-4, atol: float = 2e-5) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=atol), left, right)


def assert_same_history(member: dl.Trained, single: dl.Trained) -> None:
    for mine, its in zip(member.history, single.history, strict=True):
        assert (mine.step, mine.split, mine.members) == (its.step, its.split, None)
        assert mine.values == pytest.approx(its.values, rel=1e-3)


@pytest.mark.parametrize("number", [0, 1, pytest.param(2, marks=pytest.mark.slow)])
def test_members_with_numbers_of_their_own_are_those_trained_alone(number: int) -> None:
    """All of rate, momentum, dropout, decay, smoothing, mean and clipping differ, also to 0."""
    member, single = population().members[number], alone(number)
    assert_close(member.state.params, single.state.params)
    assert_close(member.params, single.params)
    assert_same_history(member, single)
    assert member.options == replace(single.options, devices=member.options.devices)
    assert member.evaluate("test") == pytest.approx(single.evaluate("test"), rel=1e-3)


def test_a_member_evaluates_to_its_numbers_in_the_records() -> None:
    last = next(r for r in reversed(population().history) if r.split == "validation")
    assert last.members is not None
    for number, member in enumerate(population().members):
        values = {name: each[number] for name, each in last.members.items()}
        assert member.evaluate("validation") == pytest.approx(values, rel=1e-5)
    means = {name: np.mean(each) for name, each in last.members.items()}
    assert last.values == pytest.approx(means, rel=1e-6)


def test_the_population_answers_with_the_mean_of_its_members() -> None:
    test = data().test
    each = [member.probabilities(test.inputs) for member in population().members]
    mean = np.mean(each, axis=0)
    np.testing.assert_allclose(population().probabilities(test.inputs), mean, rtol=1e-4, atol=1e-6)
    right = mean[np.arange(len(test)), test.targets]
    figures = population().evaluate("test")
    assert figures["loss"] == pytest.approx(-np.log(right).mean(), rel=1e-4)
    assert figures["accuracy"] == pytest.approx((mean.argmax(axis=1) == test.targets).mean())
    report = population().report("test")
    told = {"loss": report.log_loss, "accuracy": report.accuracy}
    assert told == pytest.approx(figures, rel=1e-4)


@cache
def counted(members: int) -> dl.Trained:
    return fit(replace(OPTIONS, members=members, seed=4))


@pytest.mark.slow
def test_members_counted_by_seed_share_their_batches_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Member 0 is a run of seed 4; member 1 is one of seed 5 on the batches of seed 4."""
    assert_close(counted(2).members[0].params, fit(replace(OPTIONS, seed=4)).params)
    keys = [jax.random.key_data(member.state.key) for member in counted(2).members]
    for seed, key in zip((4, 5), keys, strict=True):
        own = jax.random.split(jax.random.key(seed))[1]
        np.testing.assert_array_equal(key, jax.random.key_data(own))
    assert [member.options.seed for member in counted(2).members] == [4, 5]
    member = counted(2).members[1]
    original = ArraySource.train_calls
    monkeypatch.setattr(
        ArraySource, "train_calls", lambda self, seed, **how: original(self, seed=4, **how)
    )
    assert_close(member.params, fit(member.options).params)


@pytest.mark.slow
@pytest.mark.parametrize(("members", "devices"), [(4, 2), (8, 8), (4, 4)])
def test_devices_share_the_members(members: int, devices: int) -> None:
    options = replace(OPTIONS, members=members, seed=4)
    split = fit(replace(options, devices=devices))
    assert_close(split.params, fit(options).params)


@pytest.mark.slow
def test_on_three_devices_members_have_their_own_numbers() -> None:
    assert_close(population(devices=3).params, population().params)


@pytest.mark.slow
@pytest.mark.parametrize("devices", [1, 2])
def test_convolutional_members_take_turns_and_are_those_trained_alone(devices: int) -> None:
    varied = {"learning_rate": (0.05, 0.1), "momentum": (0.5, 0.9), "dropout": (0.0, 0.4)}
    changes = {"train_examples": 60, "batch_size": 20, "epochs": 1, "dataset": "digits"}
    options = LENET.options(**changes, devices=devices, members=2)
    opened = open_data(options)
    recipe = LENET.recipe(options, opened.spec)
    example = np.zeros((1, 28, 28, 1), np.float32)
    assert choose_layout(options, recipe.model, example).one_by_one
    several = dl.fit(recipe.varied(varied), opened, options, progress=False)
    for number, member in enumerate(several.members):
        own = {name: values[number] for name, values in varied.items()}
        single = replace(options, members=1, devices=1, **own)
        trained = dl.fit(LENET.recipe(single, opened.spec), opened, single, progress=False)
        assert_close(member.params, trained.params)


def test_a_resumed_population_has_the_same_bits() -> None:
    short = fit(replace(OPTIONS, members=3, epochs=1), varied=VARIED)
    whole = fit(replace(OPTIONS, members=3), varied=VARIED, resume=short)
    jax.tree.map(np.testing.assert_array_equal, whole.params, population().params)
    assert whole.history[-1].members == population().history[-1].members


def test_resuming_with_other_members_is_refused() -> None:
    with pytest.raises(InputError, match="members is 2, and the training to resume has 3"):
        fit(replace(OPTIONS, members=2), resume=population())
    other = {**VARIED, "dropout": (0.1, 0.1, 0.1)}
    with pytest.raises(InputError, match=r"dropout is \(0\.1, 0\.1, 0\.1\), and the training to"):
        fit(replace(OPTIONS, members=3), varied=other, resume=population())


@cache
def diverging() -> dl.Trained:
    options = replace(OPTIONS, members=2, dropout=0.0, weight_decay=0.0, epochs=3)
    return fit(options, varied={"learning_rate": (0.05, 1e30)})


@pytest.mark.slow
def test_a_member_that_diverges_does_not_stop_the_others() -> None:
    last = diverging().history[-1]
    assert last.members is not None
    kept, lost = last.members["loss"]
    assert math.isfinite(kept)
    assert not math.isfinite(lost)
    assert last.values["loss"] == kept
    assert diverging().step == 15
    test = data().test.inputs
    np.testing.assert_allclose(
        diverging().probabilities(test), diverging().members[0].probabilities(test), rtol=1e-5
    )


def test_a_population_without_a_finite_member_stops() -> None:
    options = replace(OPTIONS, members=2, epochs=3)
    with pytest.raises(dl.RunError, match="the loss is nan in the steps up to"):
        fit(options, varied={"learning_rate": (1e30, 1e35)})


def test_populations_that_cannot_be_are_refused_in_one_line() -> None:
    several = replace(OPTIONS, members=2)
    recipe = MLP.recipe(several, data().spec)
    model, optimizer = recipe.model, dl.optimizers.sgd(0.1)
    made = dl.Recipe(model, dl.objectives.classification(model), optimizer)
    without = made._replace(optimizer=None)
    rates = {"learning_rate": (0.1, 0.2)}
    of_two = (population().members[0].params, {})
    cases = [
        (recipe, replace(several, parallel="pmap"), {}, "parallel pmap is for a single net"),
        (recipe, replace(several, devices=3), {}, "2 members do not divide over 3 devices"),
        (recipe, replace(several, devices=64), {}, "leave --devices out, or give a number up to 8"),
        (recipe, several, {"init": of_two}, "init holds the parameters of a single net"),
        (recipe.varied(rates), OPTIONS, {}, "learning_rate has 2 values and members is 1"),
        (
            recipe.varied({"learning_rate": (0.1, 0.2, 0.3)}),
            several,
            {},
            "learning_rate has 3 values and members is 2: give members 3",
        ),
        (recipe.varied({"momentu": (0.1, 0.2)}), several, {}, "did you mean momentum"),
        (recipe.varied({"momentum": (0.1, 1.0)}), several, {}, "momentum is 1.0; it must be"),
        (made.varied(rates), several, {}, "the recipe's own optimizer has one learning_rate"),
        (
            without.varied({"dropout": (0.1, 0.2)}),
            several,
            {},
            "dropout cannot vary, because the model",
        ),
    ]
    for given, options, how, says in cases:
        with pytest.raises(InputError) as refused:
            dl.fit(given, data(), options, progress=False, **how)
        assert says in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_a_recipe_without_optimizer_can_have_members_with_their_own_rates() -> None:
    model = dl.models.mlp(10, hidden_sizes=(4,))
    recipe = dl.Recipe(model, dl.objectives.classification(model))
    options = dl.TrainOptions(epochs=1, batch_size=20, devices=1, members=2)
    rates = {"learning_rate": (0.05, 0.5)}
    several = dl.fit(recipe.varied(rates), data(), options, progress=False)
    single = dl.fit(recipe, data(), replace(options, members=1, learning_rate=0.5), progress=False)
    assert_close(several.members[1].params, single.params)


def test_the_memory_of_all_members_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """784·6 + 6 + 6·6 + 6 + 6·10 + 10 = 4,822 parameters: a member takes 3 times 19,288 bytes."""
    monkeypatch.setattr(memory, "memory_of", lambda device: 100_000)
    with pytest.raises(InputError, match=r"mlp has 4,822 parameters, .* for 3 members"):
        fit(replace(OPTIONS, members=3, epochs=1))
    with pytest.raises(InputError, match="make the model smaller, or take fewer"):
        fit(replace(OPTIONS, members=3, epochs=1))
