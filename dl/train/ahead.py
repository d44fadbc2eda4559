"""Compile a program in the background, while the process does something else."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

import jax

from dl.train.compile_clock import BACKGROUND, waiting

_THREADS = 1  # the program that is needed first gets the other core to itself


class Ahead:
    """A jitted function that can be compiled before its first call, which waits for it.

    An error of the compiler is not reported: the first call meets it again.

    >>> import jax
    >>> double = Ahead(jax.jit(lambda x: 2 * x))
    >>> double.begin(jax.ShapeDtypeStruct((3,), "float32"))
    >>> double(np.ones(3, np.float32)).tolist()
    [2.0, 2.0, 2.0]
    """

    def __init__(self, function: Any, *, alone: bool = False) -> None:
        """`function` is jitted; if `alone`, a call returns only when its results are ready."""
        self._function = function
        self._call = one_at_a_time(function) if alone else function
        self._pending: Future | None = None

    def begin(self, *shapes: Any) -> None:
        """Trace for arguments of these shapes, and start to compile; only the first time."""
        if self._pending is None:
            # Traced here, since JAX's settings may differ from thread to thread.
            lowered = self._function.lower(*shapes)
            self._pending = _threads().submit(lowered.compile)

    def lower(self, *shapes: Any) -> Any:
        """The program before it is compiled, for arguments of these shapes."""
        return self._function.lower(*shapes)

    def __call__(self, *args: Any) -> Any:
        """The function of `args`."""
        if self._pending is not None and not self._pending.done():
            with waiting(), suppress(Exception):
                self._pending.result()
        return self._call(*args)


def begin_compiling(function: Callable, *shapes: Any) -> None:
    """Start to compile `function` if it can be compiled ahead."""
    if isinstance(function, Ahead):
        function.begin(*shapes)


def one_at_a_time(compiled: Callable) -> Callable:
    """`compiled`, which then returns only when its results are ready.

    On a CPU the collectives of two programs at once would need more threads than there are, and
    deadlock.
    """

    def call(*args: Any) -> Any:
        return jax.block_until_ready(compiled(*args))

    return call


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix=BACKGROUND)
