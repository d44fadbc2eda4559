"""The progress of a run as text: a line for each epoch, and between them a bar on a terminal."""

import contextlib
import math
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from dl.screen import escaped
from dl.train.pace import Pace
from dl.train.plan import Plan
from dl.train.progress_text import bar_text, describe, epoch_line
from dl.train.record import Record

_MOST_LINES = 100
_QUIET = 30.0
"""Seconds without a line after which a record in the middle of an epoch is shown too."""


class Progress:
    """Reports steps and records of one run. A context manager; silent when `show` is False.

    `begin` is called before anything is compiled. It shows only recorded values, so nothing more is
    fetched from a device.
    """

    def __init__(self, plan: Plan, *, show: bool = True) -> None:
        self._plan, self._show = plan, show
        self._stream: TextIO = sys.stderr
        self._bar: Any = None
        self._start = 0
        self._newest: dict[str, Record] = {}
        self._shown_step = -1
        self._pace = Pace()
        self._said_at = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self._show_newest()
        if self._bar is not None:
            with contextlib.suppress(OSError):
                self._bar.close()

    def begin(self, step: int, *, earlier: Sequence[Record] = ()) -> None:
        """Say that the programs are compiled with which training goes on from `step`.

        The records in `earlier` are not shown again.
        """
        self._start = step
        if step < self._plan.total_steps:
            self.say("compiling; the first time takes longest")

    def advance(self, step: int) -> None:
        """Move the bar to `step`, the last step handed to the device."""
        if self._plan.is_epoch_end(step) and self._has_line(step):
            self._show_newest()
        self._pace.advance(step, ends_epoch=self._plan.is_epoch_end(step))
        if self._show and self._stream.isatty():
            with contextlib.suppress(OSError):  # a closed terminal must not end a training
                self._move_bar(step)

    def record(self, record: Record) -> None:
        """Show a new record: at its epoch's end, or when nothing was shown for a while."""
        self._newest[record.split] = record
        if record.split == "train" and not self._plan.is_epoch_end(record.step):
            late = time.monotonic() - self._said_at > _QUIET
            if late and not self._stream.isatty():
                self.say(describe(record, epochs=self._plan.epochs))

    def say(self, text: str) -> None:
        """Show `text` on a line of its own."""
        if self._show:
            self.tell(text)

    def tell(self, text: str) -> None:
        """Show `text` on a line of its own, also when progress is not shown."""
        self._said_at = time.monotonic()
        with contextlib.suppress(OSError):
            if self._bar is not None:
                self._bar.write(escaped(text, keep="\n"), file=self._stream)
            else:
                print(escaped(text, keep="\n"), file=self._stream, flush=True)

    def _has_line(self, step: int) -> bool:
        """Whether the epoch that ends at `step` is shown: all are, or a hundred of very many."""
        epoch = self._plan.epochs_done(step)
        every = math.ceil(self._plan.epochs / _MOST_LINES)
        return epoch % every == 0 or epoch == self._plan.epochs

    def _show_newest(self) -> None:
        """The line of the newest records, unless it was shown already."""
        step = max((record.step for record in self._newest.values()), default=-1)
        if step <= self._shown_step:
            return
        self._shown_step = step
        records = [record for record in self._newest.values() if record.step == step]
        self.say(epoch_line(records, epochs=self._plan.epochs, width=self._width()))

    def _move_bar(self, step: int) -> None:
        epoch = min(self._plan.epochs_done(step) + 1, self._plan.epochs)
        name = f"epoch {epoch}/{self._plan.epochs}"
        if self._bar is None:
            self._bar = self._make_bar(name)
        self._bar.set_description_str(name, refresh=False)
        text = bar_text(
            self._pace.seconds_left(step, self._plan.total_steps),
            self._newest.values(),
            width=self._width() - len(self._bar.desc) - _BAR - 2 * len(str(self._bar.total)),
        )
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(step - self._bar.n)

    def _make_bar(self, name: str) -> Any:
        from tqdm import tqdm

        return tqdm(
            desc=name,
            total=self._plan.total_steps,
            initial=self._start,
            bar_format="{desc} {percentage:3.0f}% |{bar:10}| {n}/{total}{postfix}",
            dynamic_ncols=True,
            mininterval=0.2,
            file=self._stream,
            leave=False,
        )

    def _width(self) -> int:
        return shutil.get_terminal_size().columns if self._stream.isatty() else 1000


_BAR = 7 + 10 + 2 + 1 + 2 + 1
"""Columns of " 100% |", the bar, "| ", "/", ", " and the last column, which stays free."""
