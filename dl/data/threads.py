"""Work on the host in threads: decoding a picture does not hold the interpreter's lock."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Result = TypeVar("_Result")
_AT_ONCE = 64  # to hand out single small pictures would take longer than to decode them


def in_threads(function: Callable[[int], _Result], count: int) -> list[_Result]:
    """`[function(0), ..., function(count - 1)]`, one thread a core; raises the first error.

    >>> in_threads(lambda number: number**2, 4)
    [0, 1, 4, 9]
    """

    def compute(start: int) -> list[_Result]:
        return [function(number) for number in range(start, min(start + _AT_ONCE, count))]

    with ThreadPoolExecutor(cores()) as pool:
        return [
            result for results in pool.map(compute, range(0, count, _AT_ONCE)) for result in results
        ]


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
