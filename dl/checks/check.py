"""All checks of a recipe, one after the other."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from dl.checks.finding import Finding, OnFinding, Report, broken, report_of, timed
from dl.checks.gradient import gradient
from dl.checks.initial_loss import initial_loss
from dl.checks.looks import look_at_data
from dl.checks.memory import memory_of_a_step
from dl.checks.one_batch import one_batch
from dl.checks.subject import Subject
from dl.checks.trial import Trial, compilations, dry_run, make_trial, resume
from dl.checks.units import units
from dl.data.dataset import Dataset
from dl.data.example import example_inputs
from dl.data.own_arrays import Pair, as_dataset
from dl.errors import InputError, did_you_mean
from dl.objectives.binding import task_of
from dl.train.fits import check_answers, check_recipe, check_recipe_fits
from dl.train.layout import Layout
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.traced import choose_layout

CHECKS = (
    "data",
    "memory",
    "initial loss",
    "gradient",
    "one batch",
    "dry run",
    "compilations",
    "resume",
    "units",
)
"""The names of all checks, in their order."""


def check(
    recipe: Recipe,
    data: Dataset | Pair,
    options: TrainOptions,
    *,
    only: Sequence[str] = (),
    on_finding: OnFinding = lambda finding: None,
) -> Report:
    """Check a recipe before it is trained for long. It takes seconds or minutes; no run is written.

    The checks: how the `data` look; the `memory` of a step; the `initial loss` beside ln K (B4);
    the `gradient` beside finite differences; whether `one batch` is learned by heart; a `dry run`
    of a few steps with finite numbers and every parameter moved; `compilations`, one for each shape
    of batch; a `resume` from a checkpoint, bit for bit; dead and saturated `units`.

    `data` and `options` are those of `dl.fit`; of a population one net is checked. `only` names
    some of the checks. `on_finding` hears each finding when it is made.

    Raises:
        InputError: when the recipe does not fit the data, and for a check that is not known.

    >>> import dl
    >>> data, options = dl.load_data("xor"), dl.TrainOptions(epochs=2, batch_size=4, validation=0.0)
    >>> model = dl.models.mlp(1, hidden_sizes=(4,))
    >>> recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    >>> report = dl.check(recipe, data, options, only=["initial loss", "gradient"])
    >>> [(finding.name, finding.result) for finding in report.findings]
    [('initial loss', 'passed'), ('gradient', 'passed')]
    """
    _check_names(only)
    check_recipe(recipe, by="dl.check")
    data = as_dataset(data, validation=options.validation, task=task_of(recipe.objective))
    options = replace(options, members=1)
    options.check_plan(data)
    recipe = options.with_optimizer(recipe, data.spec)
    layout = choose_layout(options, recipe.model, example_inputs(data.spec))
    subject = _subject(recipe, data, options, layout)
    return report_of(_findings(subject, only or CHECKS), on_finding)


def _check_names(only: Sequence[str]) -> None:
    for name in only:
        if name not in CHECKS:
            raise InputError(f"there is no check {name!r}; {did_you_mean(name, CHECKS)}")


def _subject(recipe: Recipe, data: Dataset, options: TrainOptions, layout: Layout) -> Subject:
    """What is checked; raises an `InputError` for what training would refuse too."""
    check_recipe_fits(recipe, data.spec, device=layout.devices[0])
    check_answers(recipe, data)
    return Subject(recipe, data, options, layout)


def _findings(subject: Subject, names: Sequence[str]) -> Iterator[Finding]:
    alone = {
        "data": look_at_data,
        "memory": memory_of_a_step,
        "initial loss": initial_loss,
        "gradient": gradient,
        "one batch": one_batch,
    }
    of_trial: dict[str, Callable[[Trial], Finding]] = {
        "dry run": partial(dry_run, subject),
        "compilations": compilations,
        "resume": partial(resume, subject),
        "units": lambda trial: units(subject, trial.after.state),
    }
    for name in CHECKS:
        if name in names and name in alone:
            yield timed(name, partial(alone[name], subject))
    tried = [name for name in of_trial if name in names]
    if not tried:
        return
    start = time.perf_counter()
    try:
        trial = make_trial(subject)
    except Exception as error:
        yield replace(broken("dry run", error), seconds=time.perf_counter() - start)
        return
    seconds = time.perf_counter() - start  # counted with the first check that needs the trial
    for name in tried:
        finding = timed(name, partial(of_trial[name], trial))
        yield replace(finding, seconds=finding.seconds + seconds)
        seconds = 0.0
