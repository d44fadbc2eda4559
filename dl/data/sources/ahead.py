"""Numbered work that is done before it is asked for."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from dl.data.threads import cores

_Result = TypeVar("_Result")
_MOST_THREADS = 16  # each holds a batch in memory


def ahead(
    function: Callable[[int], _Result], *, end: int, threads: int = 0
) -> Callable[[int], _Result]:
    """`function` of the numbers below `end`, with the next ones computed by `threads` while one is
    used.

    It is quick where it is asked for one number after the other, and right in any order. 0 threads
    takes one a core.

    >>> square = ahead(lambda number: number**2, end=5, threads=2)
    >>> [square(number) for number in (0, 1, 2, 4)]
    [0, 1, 4, 16]
    """
    threads = threads or min(cores(), _MOST_THREADS)
    pool = ThreadPoolExecutor(threads)  # its threads end when this function is no longer used
    pending: dict[int, Future[_Result]] = {}

    def get(number: int) -> _Result:
        wanted = range(number, max(number + 1, min(number + threads + 1, end)))
        for other in pending.keys() - set(wanted):
            pending.pop(other).cancel()
        for one in wanted:
            if one not in pending:
                pending[one] = pool.submit(function, one)
        return pending.pop(number).result()

    return get
