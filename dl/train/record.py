"""Records of training, and whether they still improve."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dl.errors import InputError, did_you_mean
from dl.tables import Cell, Table

TIMED = ("examples_per_second", "waiting")
"""The entries of a record that differ from one run to the next on the same machine."""


@dataclass(frozen=True)
class Record:
    """One line of a run's history: means since the last record, or over a held-out part."""

    step: int
    epoch: float
    split: str
    values: dict[str, float]
    examples_per_second: float | None = None
    members: dict[str, list[float]] | None = None
    """Of a population the values of each member; `values` are their means."""
    waiting: float | None = None
    """Of data that are read while they are used: the share of the time, from 0 to 1, in which a
    training step waited for them.
    """

    def as_json(self) -> dict[str, Any]:
        """The record as plain data, with keys in the order of the files."""
        stored = asdict(self)
        for name in ("members", "waiting"):
            if stored[name] is None:
                del stored[name]
        return stored


def stops_early(records: Sequence[Record], *, patience: int = 0, stop_below: float = 0.0) -> bool:
    """Whether training is to end after these records; with 0 and 0 it never is.

    It ends when the validation loss has not reached a new low in the last `patience` evaluations,
    and when the mean training loss of a record is below `stop_below`.

    >>> losses = enumerate([3.0, 1.0, 2.0, 2.0])
    >>> records = [Record(step, step, "validation", {"loss": loss}) for step, loss in losses]
    >>> stops_early(records, patience=2), stops_early(records, patience=3)
    (True, False)
    >>> records = [Record(10, 1.0, "train", {"loss": 0.04})]
    >>> stops_early(records, stop_below=0.05), stops_early(records, stop_below=0.04)
    (True, False)
    """
    return _is_low(records, stop_below) or _is_stale(records, patience)


def _is_low(records: Sequence[Record], stop_below: float) -> bool:
    # 0 means never, also for a loss that can be negative.
    trained = [record.values["loss"] for record in records if record.split == "train"]
    return stop_below > 0 and any(loss < stop_below for loss in trained)


def _is_stale(records: Sequence[Record], patience: int) -> bool:
    each = [record.values["loss"] for record in records if record.split == "validation"]
    losses = [math.inf if math.isnan(loss) else loss for loss in each]
    if not patience or len(losses) <= patience:
        return False
    return len(losses) - 1 - losses.index(min(losses)) >= patience


def curve(records: Sequence[Record], split: str, name: str) -> tuple[list[float], list[float]]:
    """Epochs and values of one metric on one split, train or validation, ready to plot.

    Raises:
        InputError: when the records have no such split or no such metric.

    >>> curve([Record(10, 1.0, "train", {"loss": 0.5})], "train", "loss")
    ([1.0], [0.5])
    >>> curve([Record(10, 1.0, "train", {"loss": 0.5})], "validation", "loss")
    Traceback (most recent call last):
    dl.errors.InputError: there are no records of 'validation', only of train: ...
    """
    chosen = [record for record in records if record.split == split]
    if not chosen:
        splits = ", ".join(dict.fromkeys(record.split for record in records)) or "nothing yet"
        raise InputError(
            f"there are no records of {split!r}, only of {splits}: give one of these, or hold "
            "examples out with validation=0.1 (the test part is evaluated with evaluate)"
        )
    known = dict.fromkeys(name for record in chosen for name in record.values)
    if name not in known:
        raise InputError(
            f"the records of {split} have no {name!r}; {did_you_mean(str(name), known)}"
        )
    return [record.epoch for record in chosen], [record.values[name] for record in chosen]


def columns_of(records: Sequence[Record]) -> tuple[str, ...]:
    """The columns of a table of records: the union of the values' names, in order of appearance.

    >>> columns_of([Record(10, 1.0, "train", {"loss": 0.5}), Record(10, 1.0, "test", {"mse": 0.4})])
    ('step', 'epoch', 'split', 'loss', 'mse', 'examples_per_second')
    """
    names = dict.fromkeys(name for record in records for name in _cells(record))
    waiting = any(record.waiting is not None for record in records)
    return ("step", "epoch", "split", *names, *TIMED[: 1 + waiting])


def as_table(records: Sequence[Record], columns: Sequence[str] = ()) -> Table:
    """The records as rows; a value that a record does not have is None.

    The columns are those of `columns_of` if none are given. The values of a population's members
    have columns of their own, such as `loss[0]`.

    >>> print(as_table([Record(10, 1.0, "train", {"loss": 0.25}, 900.0)]).csv())
    step,epoch,split,loss,examples_per_second
    10,1.0,train,0.25,900.0
    """
    columns = tuple(columns) or columns_of(records)
    rows = [{**asdict(record), **_cells(record)} for record in records]
    formats = dict.fromkeys(columns[3:], ".4f") | {"examples_per_second": ",.0f", "epoch": "g"}
    return Table(columns, [tuple(map(row.get, columns)) for row in rows], formats=formats)


def _cells(record: Record) -> dict[str, Cell]:
    members = {
        f"{name}[{number}]": value
        for name, values in (record.members or {}).items()
        for number, value in enumerate(values)
    }
    return {**record.values, **members}


def best_step(records: Sequence[Record]) -> int | None:
    """The step with the lowest validation loss, the latest of equals; None before a finite one.

    >>> losses = enumerate([3.0, 1.0, 1.0, 2.0])
    >>> best_step([Record(step, step, "validation", {"loss": loss}) for step, loss in losses])
    2
    """
    losses = {each.step: each.values["loss"] for each in records if each.split == "validation"}
    finite = [(loss, -step) for step, loss in losses.items() if math.isfinite(loss)]
    return -min(finite)[1] if finite else None
