"""The result of a run that came to its end."""

from typing import Any

from dl.runs.clock import RunClock
from dl.runs.manifest import device_name
from dl.runs.setup import Setup
from dl.train.compiled import Training
from dl.train.record import Record
from dl.train.state import count_parameters
from dl.types import Params


def make_result(
    setup: Setup, training: Training, history: list[Record], clock: RunClock
) -> dict[str, Any]:
    """What result.json holds: the final figures, and what it took to get there."""
    state = setup.compiled.layout.fetch(training.state)
    return {
        "experiment": setup.config.experiment.name,
        "metrics": _figures(setup, training, state.params),
        **clock.notes(),
        "examples_per_second": _median_rate(history),
        "parameters": count_parameters(state.params),
        "device": device_name(),
        "steps": int(state.step),
    }


def _figures(setup: Setup, training: Training, params: Params) -> dict[str, dict[str, float]]:
    """Metrics of the held-out parts and the experiment's own; the only look that a run takes at the
    test part.
    """
    parts = ("validation", "test") if setup.data.validation is not None else ("test",)
    figures = {part: setup.compiled.evaluate(training.state, part) for part in parts}
    conclude = setup.config.experiment.conclude
    return (
        figures
        if conclude is None
        else figures | conclude(setup.config.options, params, setup.data)
    )


def _median_rate(history: list[Record]) -> float | None:
    rates = sorted(record.examples_per_second for record in history if record.examples_per_second)
    return rates[len(rates) // 2] if rates else None
