"""Each check passes a good recipe, and finds what is wrong with a broken one."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from broken import MLP, MOONS, OPTIONS, applied, begun, one_percent_off, recipe_of, subject_of
from broken import with_dead_units as dead

import dl
from dl import checks
from dl.checks import memory
from dl.checks.finding import Finding
from dl.data.sources.arrays import ArraySource
from dl.data.sources.source import Call
from dl.types import Ratio

LOGISTIC = dl.models.logistic_regression(1)


@cache
def report_of_a_good_net() -> tuple[checks.Report, list[Finding]]:
    heard: list[Finding] = []
    return dl.check(recipe_of(MLP), MOONS, OPTIONS, on_finding=heard.append), heard


@cache
def trial_of(name: str) -> tuple[checks.Subject, Any]:
    subject = subject_of(recipe_of({"good": MLP, "dead": begun(MLP, dead)}[name]))
    return subject, checks.make_trial(subject)


@pytest.mark.slow
def test_a_good_net_passes_every_check() -> None:
    report, heard = report_of_a_good_net()
    assert report.passed, report
    assert [finding.name for finding in report.findings] == list(checks.CHECKS)
    assert list(report.findings) == heard
    assert {finding.result for finding in report.findings} == {"passed", "information"}


def test_a_report_is_a_table_and_json() -> None:
    report, _ = report_of_a_good_net()
    assert str(report).startswith("check ")
    assert report.table().csv().startswith("check,result,found,expected,seconds\n")
    rows = json.loads(report.json())
    assert [row["name"] for row in rows] == list(checks.CHECKS)
    first = next(row for row in rows if row["name"] == "initial loss")
    assert first["value"] == pytest.approx(np.log(2), rel=0.5)


@pytest.mark.parametrize(
    ("factor", "result"), [(1.0, "passed"), (8.0, "warning"), (100.0, "failed")]
)
def test_b4_a_first_loss_far_above_ln_2_is_found(factor: float, result: str) -> None:
    model = begun(applied(LOGISTIC, lambda logits: factor * logits), jax.tree_util.Partial(_ones))
    finding = checks.initial_loss(subject_of(recipe_of(model)))
    assert finding.result == result, finding.line()
    assert finding.expected == "about ln 2 = 0.6931"
    assert ("scale the inputs" in finding.remedy) == (result != "passed")


def _ones(params: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.ones_like(leaf) * 0.3, params)


@pytest.mark.slow
def test_a_net_that_knows_the_answers_is_found() -> None:
    data = dl.make_dataset(np.array([[-1.0], [1.0]] * 40), np.array([0, 1] * 40), validation=0.0)
    model = begun(dl.models.softmax_regression(2), lambda params: _told(params))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))
    finding = checks.initial_loss(subject_of(recipe, data))
    assert finding.result == "failed"
    assert "the net knows answers" in finding.remedy


def _told(params: Any) -> Any:
    kernel = jnp.array([[-5.0, 5.0]])
    return jax.tree.map(lambda leaf: kernel if leaf.shape == kernel.shape else leaf, params)


def test_the_perceptron_s_loss_is_not_compared_with_ln_2() -> None:
    model = dl.models.perceptron(1)
    recipe = dl.Recipe(model, dl.objectives.perceptron(model), dl.optimizers.sgd(1.0))
    finding = checks.initial_loss(subject_of(recipe))
    assert finding.result == "not applicable"
    assert finding.passed is None


def test_a_backward_pass_that_is_one_percent_off_is_found() -> None:
    finding = checks.gradient(subject_of(recipe_of(applied(MLP, one_percent_off))))
    assert finding.result == "failed"
    assert finding.value == pytest.approx(0.0099, rel=0.01)  # 1 − 1/1.01 of the larger
    assert "custom_vjp" in finding.remedy
    assert "hidden1/kernel (9.9e-03)" in finding.remedy


def test_the_gradient_of_a_net_in_float32_is_checked_with_a_wider_bound() -> None:
    def rounded(logits: jax.Array) -> jax.Array:
        return logits.astype(jnp.float32)

    finding = checks.gradient(subject_of(recipe_of(applied(MLP, rounded))))
    assert finding.result == "passed"
    assert "in float32, a model that rounds to it" in finding.found
    assert finding.expected == "at most 2e-02"


def test_a_gradient_that_is_not_finite_is_found() -> None:
    model = applied(MLP, lambda logits: jnp.sqrt(0.0 * logits))
    finding = checks.gradient(subject_of(recipe_of(model)))
    assert finding.result == "failed"
    assert "not finite" in finding.found


def test_a_net_that_no_gradient_reaches_does_not_learn_a_batch() -> None:
    finding = checks.one_batch(subject_of(recipe_of(applied(MLP, jax.lax.stop_gradient))))
    assert finding.result == "failed"
    assert "in 300 steps of Adam at the best rate" in finding.found
    assert "whether gradients reach every layer" in finding.remedy


def test_units_with_biases_of_minus_100_are_dead() -> None:
    subject, trial = trial_of("dead")
    finding = checks.units(subject, trial.after.state)
    assert finding.result == "failed"
    assert finding.found == "hidden1: 6 of 6 dead"
    assert "begin with smaller weights and biases" in finding.remedy


def test_the_dry_run_names_the_parameters_that_did_not_move() -> None:
    finding = checks.dry_run(*trial_of("dead"))
    assert finding.result == "failed"
    assert finding.found == "1 of 4 arrays moved in 4 steps"
    assert "hidden1/bias, hidden1/kernel, output/kernel did not change" in finding.remedy


def test_frozen_layers_may_stay_as_they_are() -> None:
    subject = subject_of(dl.freeze(recipe_of(MLP), ["hidden1"]))
    finding = checks.dry_run(subject, checks.make_trial(subject))
    assert finding.result == "passed", finding.line()
    assert finding.found == "2 of 4 arrays moved in 4 steps, 2 frozen"


def test_a_learning_rate_of_0_is_found() -> None:
    subject = subject_of(recipe_of(LOGISTIC)._replace(optimizer=optax.sgd(0.0)))
    finding = checks.dry_run(subject, checks.make_trial(subject))
    assert finding.result == "failed"
    assert finding.found == "0 of 2 arrays moved in 4 steps"
    assert "the learning rate is 0" in finding.remedy


def test_a_first_loss_that_is_not_finite_is_found() -> None:
    model = applied(LOGISTIC, lambda logits: jnp.nan * logits)
    finding = checks.initial_loss(subject_of(recipe_of(model)))
    assert finding.result == "failed"
    assert finding.expected == "a finite number"


def test_numbers_that_are_not_finite_are_found() -> None:
    subject, trial = trial_of("good")
    state = replace(
        trial.after.state, params=jax.tree.map(lambda leaf: leaf * np.nan, trial.after.state.params)
    )
    finding = checks.dry_run(subject, replace(trial, after=trial.after._replace(state=state)))
    assert finding.result == "failed"
    assert "lower --learning-rate" in finding.remedy


@dataclass(frozen=True)
class _Shrinking(ArraySource):
    """Its later batches are smaller than the first two."""

    def train_calls(self, **options: Any) -> Any:
        whole = super().train_calls(**options)

        def calls(start: int, end: int) -> Iterable[Call]:
            for number, call in whole(start, end):
                width = 50 if start < 2 else 40
                yield number, jax.tree.map(lambda leaf, width=width: leaf[:, :width], call)

        return calls


def test_a_step_that_is_compiled_again_is_found() -> None:
    source = _Shrinking(MOONS.train.inputs, MOONS.train.targets)
    data = dl.Dataset(MOONS.spec, source, None, MOONS.test)
    finding = checks.compilations(checks.make_trial(subject_of(recipe_of(LOGISTIC), data)))
    assert finding.result == "failed"
    assert finding.value == 2
    assert "int32[20,50] -> int32[20,40]" in finding.remedy


def test_a_step_that_counts_in_python_is_not_resumed_exactly() -> None:
    counter, plain = itertools.count(1), dl.objectives.binary(LOGISTIC)

    def counting(*args: Any, **options: Any) -> Any:
        sums, state, carry = plain(*args, **options)
        loss = Ratio(sums["loss"].sum * next(counter), sums["loss"].count)
        return {**sums, "loss": loss}, state, carry

    subject = subject_of(recipe_of(LOGISTIC)._replace(objective=counting))
    finding = checks.resume(subject, checks.make_trial(subject))
    assert finding.result == "failed"
    assert "state/params/output/kernel" in finding.remedy
    assert "be pure" in finding.remedy


def test_a_training_of_one_step_has_nothing_to_resume() -> None:
    subject, trial = trial_of("good")
    assert checks.resume(subject, replace(trial, half=0)).result == "not applicable"


def test_a_step_larger_than_the_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    subject, _ = trial_of("good")
    enough = checks.memory_of_a_step(subject)
    assert enough.result == "passed"
    monkeypatch.setattr(memory, "memory_of", lambda device: int(enough.value) - 1)
    finding = checks.memory_of_a_step(subject)
    assert finding.result == "failed"
    assert "take a smaller --batch-size" in finding.remedy


def test_the_estimate_of_memory_counts_what_the_backward_pass_needs() -> None:
    """A net of one hidden layer keeps its inputs, its hidden units and their signs, and outputs."""
    model = dl.models.mlp(1, hidden_sizes=(1000,))
    kept = memory.kept_for_backward(subject_of(recipe_of(model)), 100)
    hidden = 100 * 1000
    assert 4 * hidden <= kept <= 4 * 3 * hidden  # at least the hidden units themselves
    assert memory.kept_for_backward(subject_of(recipe_of(model)), 50) == pytest.approx(
        kept / 2, rel=0.1
    )


def test_the_estimate_of_memory_is_near_what_xla_reserves() -> None:
    subject = subject_of(recipe_of(dl.models.mlp(1, hidden_sizes=(300, 300))))
    batch = subject.batch(50)
    step = dl.make_train_step(subject.recipe.objective, subject.recipe.optimizer)
    compiled = jax.jit(step, donate_argnums=0).lower(subject.state, batch).compile()
    reserved = compiled.memory_analysis()
    total = reserved.argument_size_in_bytes + reserved.temp_size_in_bytes
    assert total / 2 < checks.memory_of_a_step(subject).value < total * 2


@pytest.mark.parametrize(
    ("scale", "result"), [(0.0, "failed"), (1.0, "information"), (1000.0, "warning")]
)
def test_the_inputs_are_looked_at(scale: float, result: str) -> None:
    train = ArraySource(scale * MOONS.train.inputs, MOONS.train.targets)
    data = dl.Dataset(MOONS.spec, train, None, MOONS.test)
    assert checks.look_at_data(subject_of(recipe_of(LOGISTIC), data)).result == result


def test_a_step_that_raises_is_a_failed_dry_run() -> None:
    def update(*_: Any) -> Any:
        raise ArithmeticError("no such update")

    recipe = recipe_of(LOGISTIC)
    recipe = recipe._replace(optimizer=recipe.optimizer._replace(update=update))
    report = dl.check(recipe, MOONS, OPTIONS, only=["dry run", "resume"])
    assert [finding.line() for finding in report.failed] == [
        "dry run: ArithmeticError: no such update"
    ]


def test_an_unknown_check_is_refused() -> None:
    with pytest.raises(dl.InputError, match="did you mean gradient"):
        dl.check(recipe_of(LOGISTIC), MOONS, OPTIONS, only=["gradients"])


def test_a_count_that_changes_is_found() -> None:
    losses = itertools.count(1)
    report = checks.check_counting(
        lambda options, data: ({"test": {"loss": 0.1 * next(losses)}}, 5), OPTIONS, MOONS
    )
    assert [finding.name for finding in report.failed] == ["counts"]
    assert "let count be pure" in report.failed[0].remedy
