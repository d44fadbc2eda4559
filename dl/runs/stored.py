"""The records, the result and the manifest of a run, as they are read from its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dl.errors import InputError
from dl.ranges import CountOrZero, NotNegative
from dl.runs.files import read_json, read_lines, read_number, refuse_line, unsealed
from dl.runs.shape import Misfit, as_kind
from dl.train.record import TIMED, Record


@dataclass(frozen=True)
class _Record:
    """A line of metrics.jsonl."""

    step: CountOrZero
    epoch: NotNegative
    split: str
    values: dict[str, Any]
    examples_per_second: Any = None
    members: dict[str, tuple[Any, ...]] | None = None
    waiting: Any = None


@dataclass(frozen=True)
class _Result:
    """The entries of result.json."""

    experiment: str
    metrics: dict[str, dict[str, Any]]
    wall_seconds: NotNegative
    compile_seconds: NotNegative
    examples_per_second: NotNegative | None
    parameters: CountOrZero
    device: str
    steps: CountOrZero
    best_step: CountOrZero | None = None
    """Of a run with patience: the step that the figures belong to."""
    waiting: NotNegative | None = None
    """The share of the time in which training waited for data that are read while used."""
    signatures: dict[str, str] | None = None
    """How figures with settings of their own were measured, such as BLEU."""


def read_records(path: Path) -> list[Record]:
    """The records in `path`, in the order of their steps.

    Raises:
        InputError: when a line is broken or lies out of order; it names the line.
    """
    records: list[Record] = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            record = as_record(line)
        except Misfit as error:
            refuse_line(path, number, str(error))
        if records and record.step < records[-1].step:
            refuse_line(path, number, f"step {record.step} comes after step {records[-1].step}")
        records.append(record)
    return records


def read_result(path: Path) -> dict[str, Any]:
    """The result in `path`.

    Raises:
        InputError: when the file is broken or was changed.
    """
    remedy = f"bring back a copy of it, or remove it and make it again with `resume {path.parent}`"
    stored = read_json(path)
    try:
        value, intact = unsealed(as_kind(dict[str, Any], stored, "it"))
        result = vars(as_kind(_Result, value, ""))
        for name in ("best_step", "waiting", "signatures"):
            if result[name] is None:
                del result[name]
        result["metrics"] = {
            part: _numbers(figures, f"metrics.{part}")
            for part, figures in result["metrics"].items()
        }
    except Misfit as error:
        raise InputError(f"{path}: {error}; the file is broken: {remedy}") from None
    if not intact:
        raise InputError(f"{path} is not as it was written, its checksum is wrong: {remedy}")
    return result


def read_starts(path: Path) -> list[dict[str, Any]]:
    """The starts of a run in manifest.json; none when there is no such file yet.

    Raises:
        InputError: when the file is broken.
    """
    if not path.exists():
        return []
    stored = read_json(path)
    try:
        starts = list(
            as_kind(dict[str, tuple[dict[str, Any], ...]], stored, "it").get("starts", ())
        )
        if not starts:
            raise Misfit("it has no starts")
        for number, start in enumerate(starts):
            _check_start(start, f"starts[{number}]")
    except Misfit as error:
        raise InputError(
            f"{path}: {error}; the file is broken: bring back a copy of it, or remove it to go on "
            "without comparing the data with those of the first start"
        ) from None
    return starts


def _check_start(start: dict[str, Any], place: str) -> None:
    fingerprint = as_kind(str, start.get("dataset_fingerprint"), f"{place}.dataset_fingerprint")
    if len(fingerprint) != 32 or not set(fingerprint) <= set("0123456789abcdef"):
        raise Misfit(f"{place}.dataset_fingerprint is {fingerprint[:40]!r}; it must be 32 digits")
    as_kind(CountOrZero, start.get("seed"), f"{place}.seed")


def as_record(line: Any) -> Record:
    """A line of metrics.jsonl as a record.

    Raises:
        Misfit: when it is none.
    """
    stored = as_kind(_Record, line, "")
    values = _numbers(stored.values, "values")
    if stored.split == "validation" and "loss" not in values:
        raise Misfit("values.loss is missing")
    rate, waiting = (
        None if value is None else _number(value, name)
        for name, value in ((name, getattr(stored, name)) for name in TIMED)
    )
    members = None if stored.members is None else _lists(stored.members)
    return Record(stored.step, stored.epoch, stored.split, values, rate, members, waiting)


def _lists(members: dict[str, tuple[Any, ...]]) -> dict[str, list[float]]:
    return {
        name: [_number(value, f"members.{name}") for value in values]
        for name, values in members.items()
    }


def _numbers(values: dict[str, Any], place: str) -> dict[str, float]:
    return {name: _number(value, f"{place}.{name}") for name, value in values.items()}


def _number(value: Any, place: str) -> float:
    number = read_number(value)
    # A number that is not finite has no size to check.
    return (
        number
        if number in (float("inf"), float("-inf")) or number != number
        else as_kind(float, number, place)
    )
