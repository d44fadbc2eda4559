"""Records of training, and whether they still improve."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Record:
    """One line of a run's history: means since the last record, or over a held-out part."""

    step: int
    epoch: float
    split: str
    values: dict[str, float]
    examples_per_second: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The record as plain data, with keys in the order of the files."""
        return asdict(self)


def stops_early(records: Sequence[Record], *, patience: int) -> bool:
    """Whether the validation loss has not reached a new low in the last `patience` evaluations.

    >>> losses = enumerate([3.0, 1.0, 2.0, 2.0])
    >>> records = [Record(step, step, "validation", {"loss": loss}) for step, loss in losses]
    >>> stops_early(records, patience=2), stops_early(records, patience=3)
    (True, False)
    """
    losses = [record.values["loss"] for record in records if record.split == "validation"]
    if not patience or len(losses) <= patience:
        return False
    return len(losses) - 1 - losses.index(min(losses)) >= patience


def curve(records: Sequence[Record], split: str, name: str) -> tuple[list[float], list[float]]:
    """Epochs and values of one metric on one split, ready to plot.

    >>> curve([Record(10, 1.0, "train", {"loss": 0.5})], "train", "loss")
    ([1.0], [0.5])
    """
    chosen = [record for record in records if record.split == split]
    return [record.epoch for record in chosen], [record.values[name] for record in chosen]
