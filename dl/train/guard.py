"""Counts compilations, and warns when there are more than declared."""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import jax


class RecompilationWarning(UserWarning):
    """A step was compiled again because the shapes it was called with changed."""


class CompilationGuard:
    """Wraps functions before they are jitted and records the shapes of each tracing.

    JAX calls a function once for each compilation, to trace it; the wrapper counts these calls.

    >>> guard = CompilationGuard("step", declared=1)
    >>> step = jax.jit(guard.watch(lambda x: 2 * x))
    >>> _ = step(1.0), step(2.0)
    >>> guard.count
    1
    """

    def __init__(self, name: str, *, declared: int) -> None:
        self.name = name
        self.declared = declared
        self.signatures: list[dict[str, str]] = []

    @property
    def count(self) -> int:
        """How often the function was traced."""
        return len(self.signatures)

    def watch(self, function: Callable) -> Callable:
        """`function` with every tracing recorded."""

        @wraps(function)
        def watched(*args: Any) -> Any:
            result = function(*args)
            self._record(_signature(args))  # not when tracing fails: then nothing is compiled
            return result

        return watched

    def _record(self, signature: dict[str, str]) -> None:
        if self.count >= self.declared:
            before = self.signatures[-1] if self.signatures else {}
            changed = [
                f"{path}: {before.get(path, 'absent')} -> {shape}"
                for path, shape in signature.items()
                if before.get(path) != shape
            ]
            warnings.warn(
                f"{self.name} is compiled {self.count + 1} times, {self.declared} declared; "
                "changed: "
                f"{'; '.join(changed) or 'nothing in shapes or dtypes (a new function object?)'}",
                RecompilationWarning,
                stacklevel=3,
            )
        self.signatures.append(signature)


def _signature(args: tuple) -> dict[str, str]:
    """Path of each array to its dtype and shape."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(args)
    return {jax.tree_util.keystr(path): jax.typeof(leaf).str_short() for path, leaf in leaves}
