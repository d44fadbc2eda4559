"""How long a training waits for its data."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import jax

_Item = TypeVar("_Item")


class WaitingClock:
    """Seconds in which the devices had nothing to do, because a batch was still being read.

    While the devices compute a step, reading the next batch costs nothing. So a wait counts from
    the moment at which the step before it was ready, which a thread notes.

    >>> clock = WaitingClock()
    >>> list(clock.reading(time.sleep(0.01) or number for number in range(2)))
    [0, 1]
    >>> clock.seconds >= 0.02
    True
    """

    def __init__(self, *, counts: bool = True) -> None:
        """A clock that does not count stays at zero, for data in memory."""
        self.counts, self.seconds = counts, 0.0
        self._watcher = ThreadPoolExecutor(1, thread_name_prefix="dl-waiting")
        self._idle_since: Future[float] | None = None

    def reading(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """The same items; the time until each is there is counted."""
        remaining, start = iter(items), time.perf_counter()
        for item in remaining:
            self.seconds += self._idle(start, time.perf_counter())
            yield item
            start = time.perf_counter()

    def computing(self, ticket: Any) -> None:
        """The devices compute until the array `ticket` is ready."""
        if self.counts:
            self._idle_since = self._watcher.submit(_ready_at, ticket)

    def _idle(self, start: float, end: float) -> float:
        """The part of the time from `start` to `end` in which the devices had nothing to do."""
        if not self.counts:
            return 0.0
        if self._idle_since is None:
            return end - start
        if not self._idle_since.done():
            return 0.0
        return max(0.0, end - max(start, self._idle_since.result()))


def _ready_at(ticket: Any) -> float:
    with contextlib.suppress(Exception):  # the loop meets the same error and reports it
        jax.block_until_ready(ticket)
    return time.perf_counter()
