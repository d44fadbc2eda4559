"""The progress of a run in a notebook: one output, which is replaced as training goes on."""

import time
import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

from dl.screen import escaped_html, in_notebook
from dl.train.curve_chart import curves_html
from dl.train.pace import Pace
from dl.train.plan import Plan
from dl.train.progress import Progress
from dl.train.progress_text import describe_seconds, epoch_line
from dl.train.record import Record

INTERVAL = 0.5
"""At least so many seconds lie between two drawings: a browser that is sent more falls behind."""
REST = 50
"""A drawing is followed by a rest of so many times as long as it took. Drawings of very many
records take long, and the training waits for them."""
_WIDTH = 100


class LiveProgress:
    """Draws steps and records of one run into a notebook, with the methods of `Progress`.

    The last drawing stays, as the picture of the whole training. A notebook that cannot be drawn
    into costs a warning; the training goes on.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan, self._pace = plan, Pace()
        self._records: list[Record] = []
        self._notes: list[str] = []
        self._step = 0
        self._state = ""
        self._output: Any = None
        self._due = 0.0
        self._works = True

    def __enter__(self) -> "LiveProgress":
        return self

    def __exit__(self, *error: object) -> None:
        total = self._plan.total_steps
        self._state = "done" if self._step == total else "stopped"
        if self._output is not None:
            self._draw()

    def begin(self, step: int, *, earlier: Sequence[Record] = ()) -> None:
        """Say that the programs are compiled with which training goes on from `step`.

        The curves begin with the records in `earlier`, which were made before that step.
        """
        self._step, self._records = step, list(earlier)
        if step < self._plan.total_steps:
            self._state = "compiling; the first time takes longest"
            self._draw()

    def advance(self, step: int) -> None:
        """Hear that the steps up to `step` were handed to the device."""
        self._step = step
        self._pace.advance(step, ends_epoch=self._plan.is_epoch_end(step))
        left = self._pace.seconds_left(step, self._plan.total_steps)
        self._state = f"{describe_seconds(left)} left" if left is not None else ""
        if time.monotonic() >= self._due:
            self._draw()

    def record(self, record: Record) -> None:
        """Add a record to the curves; they are drawn with the next step that is due."""
        self._records.append(record)

    def say(self, text: str) -> None:
        """Show `text` above the curves."""
        self._notes.append(text)
        self._draw()

    tell = say

    def _draw(self) -> None:
        if not self._works:
            return
        begun = time.monotonic()
        try:
            shown = {"text/html": self._html(), "text/plain": self._text()}
            if self._output is None:
                from IPython.display import display

                self._output = display(shown, raw=True, display_id=True)
            else:
                self._output.update(shown, raw=True)
        except Exception as error:  # whatever curves or a front end do, training goes on
            self._works = False
            warnings.warn(f"the progress cannot be shown here: {error!r}", stacklevel=2)
        ended = time.monotonic()
        self._due = ended + max(INTERVAL, REST * (ended - begun))

    def _head(self) -> str:
        total, epochs = self._plan.total_steps, self._plan.epochs
        epoch = min(self._plan.epochs_done(self._step) + (self._step < total), epochs)
        words = [f"epoch {epoch}/{epochs}", f"step {self._step:,}/{total:,}", self._state]
        rates = [record.examples_per_second for record in self._records[-2:]]
        words += [f"{rate:,.0f} examples/s" for rate in rates if rate]
        return ", ".join(word for word in words if word)

    def _html(self) -> str:
        notes = "".join(f"<div>{escaped_html(note)}</div>" for note in self._notes)
        bar = f'<progress value="{self._step}" max="{self._plan.total_steps}"></progress>'
        curves = curves_html(self._records, epochs=self._plan.epochs)
        return f"<div>{notes}<div>{bar} {escaped_html(self._head())}</div>{curves}</div>"

    def _text(self) -> str:
        """What a front end shows that draws no HTML."""
        step = max((record.step for record in self._records), default=-1)
        newest = [record for record in self._records if record.step == step]
        line = epoch_line(newest, epochs=self._plan.epochs, width=_WIDTH) if newest else ""
        return "\n".join([*self._notes, self._head(), *([line] if line else [])])


Shown: TypeAlias = Progress | LiveProgress


def follow(plan: Plan, *, show: bool = True) -> Shown:
    """What shows the progress of a run: curves in a notebook, lines and a bar elsewhere."""
    return LiveProgress(plan) if show and in_notebook() else Progress(plan, show=show)
