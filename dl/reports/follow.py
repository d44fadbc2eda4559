"""Follow a run while another process trains it; its folder is only read."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from dl.runs.folder import RunFolder
from dl.runs.lock import is_locked
from dl.runs.shape import Misfit
from dl.runs.stored import as_record
from dl.train.record import Record

POLL = 0.5
"""Seconds between two looks at the folder."""


class Tail:
    """The whole lines that are new in a growing file, also when another file takes its place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = self._offset = self._line = self._told = 0

    def read(self) -> list[bytes]:
        """The lines since the last call; none while there is no file.

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "metrics.jsonl"
        >>> tail, _ = Tail(path), path.write_text('{"a": 1}\\n{"b"')
        >>> tail.read(), tail.read()
        ([b'{"a": 1}'], [])
        """
        try:
            with self._path.open("rb") as file:
                self._begin_anew_if_replaced(file)
                file.seek(self._offset)
                whole, end, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        self._offset += len(whole) + len(end)
        lines = whole.split(b"\n") if end else []
        new = lines[max(0, self._told - self._line) :]
        self._line += len(lines)
        self._told = max(self._told, self._line)
        return new

    def _begin_anew_if_replaced(self, file: BinaryIO) -> None:
        """A run that is resumed cuts its records: those before the cut were told already."""
        now = os.fstat(file.fileno())
        if now.st_ino == self._inode and now.st_size >= self._offset:
            return
        replaced, self._inode = self._inode != 0, now.st_ino
        self._offset = self._line = 0
        if replaced:
            self._told = min(self._told, file.read().count(b"\n"))


def follow(
    folder: RunFolder,
    *,
    stop: Callable[[], bool] = lambda: False,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Record]:
    """The records of a run, those that are there and then each as it comes.

    It ends when the run is finished, when no process trains in the folder any more, and on `stop`.
    """
    tail = Tail(folder.metrics)
    while True:
        # Asked before reading: what is written until now is still told.
        ended = folder.is_finished or is_locked(folder.path) is False
        for line in tail.read():
            record = _read(line)
            if record is not None:
                yield record
        if ended or stop():
            return
        pause(POLL)


def _read(line: bytes) -> Record | None:
    """The record of a line; None for a line that is no record, of which `resume` tells."""
    try:
        return as_record(json.loads(line))
    except (ValueError, Misfit):
        return None
