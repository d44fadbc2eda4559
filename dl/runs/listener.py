"""Callbacks that store the records and checkpoints of a run and show its progress."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dl.errors import RunError
from dl.runs.checkpoint import Checkpoints
from dl.runs.clock import RunClock, SaveTimer
from dl.runs.files import append_line
from dl.runs.generate import first_prime, generate
from dl.runs.profile import Profiler
from dl.runs.setup import Setup
from dl.runs.sinks.sinks import Sinks
from dl.runs.stop_together import StopTogether
from dl.train.interrupt import StopRequest
from dl.train.listener import Listener
from dl.train.live import Shown
from dl.train.network import Network
from dl.train.processes import are_first
from dl.train.record import Record
from dl.train.training import Training
from dl.types import Model

_SAMPLE, _TEMPERATURE = 400, 0.8


@dataclass(frozen=True)
class RunListener(Listener):
    """Stores the records and checkpoints of a run, and shows its progress."""

    setup: Setup
    checkpoints: Checkpoints
    clock: RunClock
    shown: Shown
    profiler: Profiler
    stop: StopRequest | StopTogether
    sinks: Sinks
    timer: SaveTimer
    _losses: dict[int, float] = field(default_factory=dict, init=False)
    """Validation losses by step; a checkpoint is saved with the loss of its step, if any."""

    def on_record(self, record: Record) -> None:
        """Store and show a record."""
        if are_first():
            _append(self.setup.folder.metrics, record)
        self.sinks.record(record)
        self.shown.record(record)
        if record.split == "validation" and math.isfinite(record.values["loss"]):
            self._losses[record.step] = record.values["loss"]

    def on_evaluation(self, training: Training, step: int) -> None:
        """Store a short text written by the model, if it is a recurrent language model."""
        data = self.setup.config.data
        writes = data.kind.predicts_symbols and self.model.initial_carry is not None
        if not writes or self.setup.config.options.members > 1:
            return
        state = self.setup.compiled.layout.fetch_here(training.state)
        if not are_first():
            return
        network = Network(
            self.model,
            state.evaluated_params,
            state.evaluated_state,
            data,
            precision=self.setup.config.options.precision,
        )
        text = "".join(
            generate(network, first_prime(data.text), length=_SAMPLE, temperature=_TEMPERATURE)
        )
        _write(self.setup.folder.samples / f"step-{step:08d}.txt", text + "\n")

    def on_best(self, training: Training, step: int) -> None:
        """Save what validates best, also where the plan has no checkpoint."""
        self.on_checkpoint(training, step)

    @cached_property
    def model(self) -> Model:
        """The run's model."""
        return self.setup.config.build().model

    def on_call(self, step: int) -> None:
        """Show progress up to `step`."""
        self.shown.advance(step)
        self.profiler.advance(step)

    def on_checkpoint(self, training: Training, step: int) -> None:
        """Save `training`, with its wall and compile seconds."""
        self.timer.restart()
        tree = self.setup.compiled.layout.fetch(training)
        self.checkpoints.save(step, tree, notes=self.clock.notes(), loss=self._losses.get(step))

    def wants_checkpoint(self) -> bool:
        """Whether so many minutes have passed since the last save, and that is finished."""
        return self.timer.is_due() and not self.checkpoints.is_saving()

    def stop_requested(self) -> bool:
        """Whether a signal has come."""
        return self.stop.at_boundary()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"cannot write {path}: {error.strerror}; earlier checkpoints are kept"
        ) from error


def _append(path: Path, record: Record) -> None:
    try:
        append_line(path, record.as_json())
    except OSError as error:
        raise RunError(
            f"cannot write {path}: {error.strerror}; earlier checkpoints are kept"
        ) from error
