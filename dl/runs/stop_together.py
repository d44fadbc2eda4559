"""A signal to one process stops all of them, after the same step.

The processes of a run make the same calls, and a call needs all of them. So they agree on the last
one: each tells how many calls it has begun and begins no other until all have told, which another
thread does while the main thread computes. All then stop after the largest number. Without a signal
nothing is exchanged, so that it costs no time.
"""

import threading

from dl.errors import RunError
from dl.runs.group import Group, News
from dl.train.interrupt import StopRequest

_LONGEST = 120.0
"""Seconds to wait for the others' numbers, which they tell within about a second."""


class StopTogether:
    """The `at_boundary` of a `StopRequest`, answered alike in all processes of a `group`."""

    def __init__(self, stop: StopRequest, group: Group) -> None:
        self._stop, self._group = stop, group
        self._name = f"stop/{group.next_number()}"
        self._begun = 0
        self._has_told = False
        self._last: int | None = None
        self._changed = threading.Condition()
        group.listen(self._hear)

    def at_boundary(self) -> bool:
        """Whether to stop between the call before and the next; called once at each boundary."""
        with self._changed:
            if self._stop.requested and self._last is None:
                self._group.tell(f"{self._name}/signal", str(self._stop.number))
                self._tell_begun()
            if self._has_told and not self._changed.wait_for(self._is_decided, _LONGEST):
                raise RunError("another process does not answer the request to stop")
            if self._last is not None and self._begun >= self._last:
                return True
            self._begun += 1
            return False

    def _hear(self, news: News) -> None:
        with self._changed:
            number = news.get(f"{self._name}/signal")
            if number is None or self._last is not None:
                return
            self._tell_begun()
            told = [news.get(f"{self._name}/begun/{one}") for one in range(self._group.count)]
            if None not in told:
                self._last = max(int(begun) for begun in told if begun)
                self._stop.hear(int(number))
                self._changed.notify_all()

    def _tell_begun(self) -> None:
        if not self._has_told:
            self._has_told = True
            self._group.tell(f"{self._name}/begun/{self._group.number}", str(self._begun))

    def _is_decided(self) -> bool:
        return self._last is not None
