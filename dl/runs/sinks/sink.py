"""What a sink is: something that is given every record of a run, in the order of their steps."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from dl.train.record import Record


class Begun(NamedTuple):
    """A run that begins or goes on: its folder, experiment and options, and its records so far."""

    folder: Path
    experiment: str
    options: Mapping[str, Any]
    records: Sequence[Record]


class Sink(Protocol):
    """Shows or stores records; it may raise whatever it likes, which ends it and not the run."""

    def open(self, run: Begun) -> None:
        """Begin to take records. Afterwards the sink holds `run.records`, no more and no less.

        After an interruption the run goes on from its newest checkpoint, and records past that are
        made again. As far as a format allows, none may then be there twice.
        """
        ...

    def record(self, record: Record) -> None:
        """Take the next record. What was taken should survive the death of the process."""
        ...

    def close(self) -> None:
        """Finish; it is called once, also after a failed training."""
        ...
