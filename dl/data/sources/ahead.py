"""Numbered work that is done before its result is needed."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from dl.data.threads import cores

_Result = TypeVar("_Result")
_MOST_THREADS = 16  # each holds a batch in memory


def ahead(
    function: Callable[[int], _Result], *, end: int, depth: int = 0, threads: int = 0
) -> Callable[[int], _Result]:
    """`function` of a number below `end`; threads compute the next results while one is used.

    It is fast for numbers in rising order and right in any order. `depth` results are computed
    ahead, or for 0 one for each thread. With 0 `threads` there is one a core, up to a limit.

    >>> square = ahead(lambda number: number**2, end=5, threads=2)
    >>> [square(number) for number in (0, 1, 2, 4)]
    [0, 1, 4, 16]
    """
    threads = threads or min(cores(), depth or _MOST_THREADS, _MOST_THREADS)
    depth = depth or threads
    pool = ThreadPoolExecutor(threads)  # its threads end with the last use of `get`
    pending: dict[int, Future[_Result]] = {}

    def get(number: int) -> _Result:
        wanted = range(number, max(number + 1, min(number + depth + 1, end)))
        for other in pending.keys() - set(wanted):
            pending.pop(other).cancel()
        for soon in wanted:
            if soon not in pending:
                pending[soon] = pool.submit(function, soon)
        return pending.pop(number).result()

    return get
