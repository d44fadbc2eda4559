"""`--log tensorboard`: event files for TensorBoard, in the run's folder `tensorboard/`.

Event files can only be appended to. On `resume` the old ones are therefore replaced by one with the
records that the run keeps, each with the time at which it was first written, and a TensorBoard that
is looking on is told to forget what it has read. TensorBoard's numbers are float32.

The events are written at once. The usual `SummaryWriter` hands them to a thread, which dies of a
full disk while the training waits for it.
"""

import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from dl.runs.sinks.sink import Begun
from dl.train.record import Record

FOLDER = "tensorboard"
_Times = dict[tuple[str, int], float]
"""When the scalar of a tag and a step was first written."""


class TensorBoard:
    """A scalar for each value of a record, such as `loss/train`."""

    def open(self, run: Begun) -> None:
        """Replace the event files of earlier starts by one with the records so far."""
        from tensorboardX.event_file_writer import EventsWriter

        folder = run.folder / FOLDER
        folder.mkdir(exist_ok=True)
        old = sorted(folder.glob("events.out.tfevents.*"))
        times = _times(old)
        for path in old:
            path.unlink()
        self._events = EventsWriter(str(folder / "events"))
        self._events.write_event(_forget_all())
        for record in run.records:
            self._write(record, times)
        self._events.flush()

    def record(self, record: Record) -> None:
        """Append the scalars of a record, so that they can be seen at once."""
        self._write(record, {})
        self._events.flush()

    def close(self) -> None:
        """Close the file."""
        self._events.close()

    def _write(self, record: Record, times: _Times) -> None:
        for name, value in record.values.items():
            tag = f"{name}/{record.split}"
            when = times.get((tag, record.step), time.time())
            self._events.write_event(_scalar(tag, value, record.step, when))


def _scalar(tag: str, value: float, step: int, when: float) -> Any:
    summary = {"value": [{"tag": tag, "simple_value": value}]}
    return _messages().Event(wall_time=when, step=step, summary=summary)


def _forget_all() -> Any:
    """The event that makes a TensorBoard drop the steps from 0 on that it has read."""
    begins = {"status": _messages().SessionLog.START}
    return _messages().Event(wall_time=time.time(), step=0, session_log=begins)


def _messages() -> Any:
    """The module of TensorBoard's messages, whose classes are made when it is imported."""
    from tensorboardX.proto import event_pb2

    return event_pb2


def _times(files: list[Path]) -> _Times:
    times: _Times = {}
    for path in files:
        with suppress(Exception):  # damaged: its scalars get the time of now
            for event in read_events(path):
                for value in event.summary.value:
                    times.setdefault((value.tag, event.step), event.wall_time)
    return times


def read_events(path: Path) -> Iterator[Any]:
    """The events in a file of TensorBoard; one that a crash cut short is left out.

    Each is framed by its length [8 bytes], a checksum [4], and after it another [4]: TensorFlow's
    TFRecord.
    """
    data, at = path.read_bytes(), 0
    while at + 12 <= len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        body = data[at + 12 : at + 12 + size]
        if len(body) < size:
            return
        yield _messages().Event.FromString(body)
        at += 12 + size + 4
