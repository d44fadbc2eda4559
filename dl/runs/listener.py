"""What a run does with what the training loop tells it: records and checkpoints are stored, and progress is shown."""

from dataclasses import dataclass, field
from pathlib import Path

from dl.errors import RunError
from dl.runs.checkpoint import Checkpoints
from dl.runs.clock import RunClock
from dl.runs.files import append_line
from dl.runs.profile import Profiler
from dl.runs.setup import Setup
from dl.train.compiled import Training
from dl.train.loop import Record
from dl.train.progress import Progress


@dataclass(frozen=True)
class Listener:
    """Hears of every record, chunk of steps and checkpoint of the loop."""

    setup: Setup
    checkpoints: Checkpoints
    clock: RunClock
    shown: Progress
    profiler: Profiler
    _losses: dict[int, float] = field(default_factory=dict, init=False)
    """Validation losses by step: a checkpoint is saved with that of its own step, if it was validated."""

    def record(self, new: Record) -> None:
        """Store and show a record."""
        _append(self.setup.folder.metrics, new)
        self.shown.record(new)
        if new.split == "validation":
            self._losses[new.step] = new.values["loss"]

    def chunk(self, step: int) -> None:
        """Show that steps up to `step` are under way."""
        self.shown.chunk(step)
        self.profiler.chunk(step)

    def checkpoint(self, training: Training, step: int) -> None:
        """Save `training`, with the seconds that it took."""
        tree = self.setup.compiled.layout.fetch(training)
        self.checkpoints.save(step, tree, notes=self.clock.notes(), loss=self._losses.get(step))


def _append(path: Path, record: Record) -> None:
    try:
        append_line(path, record.as_json())
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}; earlier checkpoints are kept") from error
