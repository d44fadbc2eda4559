"""The progress of a run: a bar on a terminal or in a notebook, otherwise plain lines."""

import contextlib
import sys
from typing import Any, TextIO

from dl.train.plan import Plan
from dl.train.record import Record


class Progress:
    """Reports steps and records of one run. A context manager; silent when `show` is False.

    On a terminal it is a bar with rate, remaining time and the newest metrics; otherwise a line for
    each record. It shows only recorded values, so nothing more is fetched from a device.
    """

    def __init__(self, plan: Plan, *, start: int = 0, show: bool = True) -> None:
        self._plan, self._start = plan, start
        self._show = show
        self._stream: TextIO = sys.stderr
        self._bar: Any = None
        self._compiling = False

    def __enter__(self) -> "Progress":
        if self._show and start_is_worth_saying(self._start, self._plan):
            if wants_bar(self._stream):
                self._bar = self._make_bar()
                self._bar.set_description("compiling")
            else:
                self.say("compiling")
            self._compiling = True
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            with contextlib.suppress(OSError):
                self._bar.close()

    def advance(self, step: int) -> None:
        """Move the bar to `step`, the last step handed to the device."""
        if self._bar is None:
            return
        if self._compiling:
            self._bar.set_description("training")
            self._compiling = False
        with contextlib.suppress(OSError):  # a closed terminal must not end a training
            self._bar.update(step - self._bar.n)

    def record(self, record: Record) -> None:
        """Show a new record."""
        shown = {f"{record.split} {name}": f"{value:.4g}" for name, value in record.values.items()}
        if self._bar is not None:
            self._bar.set_postfix(shown, refresh=False)
        elif self._show:
            self.say(describe(record, epochs=self._plan.epochs))

    def say(self, text: str) -> None:
        """Show `text` on a line of its own."""
        with contextlib.suppress(OSError):
            if self._bar is not None:
                self._bar.write(text, file=self._stream)
            elif self._show:
                print(text, file=self._stream, flush=True)

    def _make_bar(self) -> Any:
        from tqdm.auto import tqdm

        return tqdm(
            total=self._plan.total_steps,
            initial=self._start,
            unit="step",
            dynamic_ncols=True,
            mininterval=0.2,
        )


def describe(record: Record, *, epochs: int) -> str:
    """A record as one line.

    >>> describe(Record(20, 2.0, "validation", {"loss": 0.5, "accuracy": 0.9}), epochs=10)
    'epoch 2.00/10  step 20  validation  loss 0.5000  accuracy 0.9000'
    """
    values = "  ".join(f"{name} {value:.4f}" for name, value in record.values.items())
    rate = f"  {record.examples_per_second:,.0f} examples/s" if record.examples_per_second else ""
    return f"epoch {record.epoch:.2f}/{epochs}  step {record.step}  {record.split}  {values}{rate}"


def start_is_worth_saying(start: int, plan: Plan) -> bool:
    """Whether any steps are left, so that something will be compiled."""
    return start < plan.total_steps


def wants_bar(stream: TextIO) -> bool:
    """Whether a bar can be drawn: on a terminal, or in a notebook's output."""
    return stream.isatty() or "ipykernel" in sys.modules
