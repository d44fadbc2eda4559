"""The sinks that are files, CSV and TensorBoard, hold the records of a run and no others."""

import csv
import struct
from pathlib import Path
from typing import Any

import numpy as np
from sink_cases import cut_short, lines, resume, without_rate

from dl.runs.sinks.csv_file import CsvFile
from dl.runs.sinks.sink import Begun
from dl.train.record import Record


def as_rows(records: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the table of these records must read as."""
    names = dict.fromkeys(name for record in records for name in record["values"])
    return [
        {name: str(record[name]) for name in ("step", "epoch", "split")}
        | {name: str(record["values"].get(name, "")) for name in names}
        | {"examples_per_second": str(record["examples_per_second"] or "")}
        for record in records
    ]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def as_scalars(records: list[dict[str, Any]]) -> list[tuple[str, int, float]]:
    return [
        (f"{name}/{record['split']}", record["step"], float(np.float32(value)))
        for record in records
        for name, value in record["values"].items()
    ]


def events(folder: Path) -> list[Any]:
    """The events of all files; their frames are walked through here, without the code under test.

    A frame is a length, its masked CRC-32C, the event, and the event's masked CRC-32C.
    """
    from tensorboardX.crc32c import crc32c
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted((folder / "tensorboard").glob("events*")):
        data = path.read_bytes()
        while data:
            size = struct.unpack("<Q", data[:8])[0]
            body, (check,) = data[12 : 12 + size], struct.unpack("<I", data[12 + size : 16 + size])
            crc = crc32c(body)
            assert check == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
            found.append(Event.FromString(body))
            data = data[16 + size :]
    return found


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    return [
        (value.tag, event.step, value.simple_value)
        for event in events(folder)
        for value in event.summary.value
    ]


def test_files_hold_the_records_of_metrics_jsonl(logged: Path) -> None:
    assert len(lines(logged)) > 8
    assert rows(logged) == as_rows(lines(logged))
    assert scalars(logged) == as_scalars(lines(logged))


def test_a_resume_that_cuts_records_leaves_none_twice(logged: Path, tmp_path: Path) -> None:
    folder = cut_short(logged, tmp_path / "run")
    before = {(v.tag, e.step): e.wall_time for e in events(folder) for v in e.summary.value}
    resume(folder)
    assert without_rate(folder) == without_rate(logged)
    assert rows(folder) == as_rows(lines(folder))
    assert scalars(folder) == as_scalars(lines(folder))
    # What was kept has its time; and a TensorBoard that read it before is told to forget it.
    kept = [event for event in events(folder) if event.summary.value and event.step <= 48]
    assert [before[event.summary.value[0].tag, event.step] for event in kept] == [
        event.wall_time for event in kept
    ]
    start = [event.step for event in events(folder) if event.HasField("session_log")]
    assert start == [0]


def test_a_torn_event_file_and_a_lost_table_are_made_again(logged: Path, tmp_path: Path) -> None:
    folder = cut_short(logged, tmp_path / "run")
    (folder / "metrics.csv").unlink()
    (file,) = (folder / "tensorboard").glob("events*")
    file.write_bytes(file.read_bytes()[:-5])
    resume(folder)
    assert rows(folder) == as_rows(lines(folder))
    assert scalars(folder) == as_scalars(lines(folder))


def test_a_later_record_with_new_values_gives_the_table_new_columns(tmp_path: Path) -> None:
    sink = CsvFile()
    sink.open(Begun(tmp_path, "made", {}, [Record(1, 0.5, "train", {"loss": 0.1}, 7.0)]))
    sink.record(Record(2, 1.0, "train", {"loss": float("nan")}, 8.0))
    sink.record(Record(2, 1.0, "validation", {"loss": 0.3, "top5": 0.25}))
    sink.record(Record(3, 1.5, "train", {"loss": 0.2}, members={"loss": [0.1, 0.3]}))
    assert (tmp_path / "metrics.csv").read_text().splitlines() == [
        "step,epoch,split,loss,top5,loss[0],loss[1],examples_per_second",
        "1,0.5,train,0.1,,,,7.0",
        "2,1.0,train,nan,,,,8.0",
        "2,1.0,validation,0.3,0.25,,,",
        "3,1.5,train,0.2,,0.1,0.3,",
    ]
