"""The result of a finished run."""

from typing import Any

from dl import metrics
from dl.runs.clock import RunClock
from dl.runs.experiment import Measured, as_measured
from dl.runs.manifest import device_name
from dl.runs.members import spread
from dl.runs.setup import Setup
from dl.runs.trained import Trained
from dl.train.processes import are_first
from dl.train.record import Record
from dl.train.state import TrainState, count_parameters
from dl.train.training import Training


def make_result(
    setup: Setup, training: Training, history: list[Record], clock: RunClock, *, steps: int
) -> dict[str, Any]:
    """The contents of result.json: the final figures, and the time and steps that they took.

    `training` is what the figures belong to. After `steps` steps it is the last state, or with
    patience the one that validated best, and its step is a figure too.
    """
    state = setup.compiled.layout.fetch_here(training.state)
    measured = _measured(setup, training, state)
    result = {
        "experiment": setup.config.experiment.name,
        **entries_of(measured),
        **clock.notes(),
        "examples_per_second": _median_rate(history),
        "parameters": count_parameters(state.params),
        "device": device_name(),
        "steps": steps,
    }
    waiting = [record.waiting for record in history if record.waiting is not None]
    return (
        result
        | ({"best_step": state.steps_made} if setup.config.options.patience else {})
        | ({"waiting": round(sum(waiting) / len(waiting), 4)} if waiting else {})
    )


def entries_of(measured: Measured) -> dict[str, Any]:
    """The entries of result.json that hold figures; `signatures` is there if some have one."""
    signed = {"signatures": measured.signatures} if measured.signatures else {}
    return {"metrics": measured.figures, **signed}


def _measured(setup: Setup, training: Training, state: TrainState) -> Measured:
    """Metrics of the held-out parts, and the figures of the experiment's `conclude`.

    A run evaluates on the test part only here. The figures of a population are those of its
    committee; `members` has the spread of the members' figures on the test part.
    """
    config, data = setup.config, setup.data
    parts = ("validation", "test") if data.validation is not None else ("test",)
    trained = Trained(
        config.build(), config.data, config.options, state, [], open_data=lambda: data
    )
    if config.varied:  # of a search, which must not look at the test part
        sums = setup.compiled.evaluate.sums(training.state, "validation")
        return Measured({"validation": metrics.compute(sums)}, {})
    if config.options.members > 1:
        sums = setup.compiled.evaluate.sums(training.state, "test")
        figures = {part: trained.evaluate(part) for part in parts}
        figures["members"] = spread(metrics.by_member(sums))
    else:
        figures = {part: setup.compiled.evaluate(training.state, part) for part in parts}
    if config.experiment.conclude is None or not are_first():
        return Measured(figures, {})
    concluded = as_measured(config.experiment.conclude(config.options, trained, data))
    joined = {part: figures.get(part, {}) | values for part, values in concluded.figures.items()}
    return Measured(figures | joined, concluded.signatures)


def _median_rate(history: list[Record]) -> float | None:
    rates = sorted(record.examples_per_second for record in history if record.examples_per_second)
    return rates[len(rates) // 2] if rates else None
