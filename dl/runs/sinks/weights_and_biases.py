"""`--log wandb`: Weights & Biases.

Its history can only be appended to, and what was sent is sent. Each start is therefore a run of its
own, which begins with the records that the training keeps; the starts of one folder are a group.
The newest of a group holds every record once.

W&B's own settings hold: WANDB_MODE=offline sends nothing, WANDB_PROJECT and WANDB_DIR say where to.
Its files lie beside the run and not in it (`./wandb` if nothing else is said), because they have
links that leave the folder.
"""

import os
from typing import Any

from dl.runs.sinks.sink import Begun
from dl.screen import say
from dl.train.record import Record


class WeightsAndBiases:
    """A row of W&B's history for each step, with values such as `loss/train`."""

    def open(self, run: Begun) -> None:
        """Begin a run of W&B with the records so far."""
        import wandb  # pyright: ignore[reportMissingImports]

        # It prints its own lines, and catches what others print, unless it is told not to.
        quiet = wandb.Settings(silent=True, console="off")
        self._run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT", run.experiment),
            group=f"{run.folder.absolute().parent.name}/{run.folder.name}",
            name=run.folder.name,
            config=dict(run.options),
            settings=quiet,
        )
        say(f"wandb: {_place(self._run)}")
        for record in run.records:
            self.record(record)

    def record(self, record: Record) -> None:
        """Send a record; those of one step become one row."""
        values = {f"{name}/{record.split}": value for name, value in record.values.items()}
        self._run.log({"epoch": record.epoch, **values}, step=record.step)

    def close(self) -> None:
        """Wait until all is sent."""
        self._run.finish()


def _place(run: Any) -> str:
    """Where the run can be seen, or how it is sent."""
    if run.offline:
        return f"offline; send it with `wandb sync {run.settings.sync_dir}`"
    return run.url
