"""A function compiled for arrays that are spread over a mesh."""

from collections.abc import Callable
from typing import Any

import jax

from dl.types import PyTree

_GATHER_LATE = {
    "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
    "xla_disable_hlo_passes": "cse_barrier_expander",
}
"""XLA gathers parameters on a CPU when they are used and not all in advance, as on accelerators."""


class Sharded:
    """`function(trained, resident, indexed)`, compiled at its first call.

    The first argument, and the first result if it is `donated`, keep the shardings that the first
    argument has. The resident arrays are `whole` on every device, batches are split `by_rows`. If
    it `gathers`, parameters are gathered when they are used. A call that is `alone` returns only
    when its results are ready.
    """

    def __init__(
        self,
        function: Callable,
        whole: Any,
        by_rows: Any,
        donated: tuple[int, ...],
        *,
        gathers: bool,
        alone: bool,
    ) -> None:
        self._function, self._donated = function, donated
        self._whole, self._by_rows = whole, by_rows
        # Where only one may run at a time, the devices are those of a CPU.
        self._options: Any = _GATHER_LATE if gathers and alone else None
        self._wait: Callable = jax.block_until_ready if alone else lambda results: results
        self._compiled: Any = None

    def __call__(self, trained: PyTree, *others: PyTree) -> Any:
        """The function of its arguments."""
        self._compiled = self._compiled or self._jitted(trained)
        return self._wait(self._compiled(trained, *others))

    def lower(self, trained: PyTree, *others: PyTree) -> Any:
        """The program before it is compiled, for arrays or shapes with shardings."""
        return self._jitted(trained).lower(trained, *others)

    def _jitted(self, trained: PyTree) -> Any:
        own = jax.tree.map(lambda leaf: leaf.sharding, trained)
        return jax.jit(
            self._function,
            in_shardings=(own, self._whole, self._by_rows),
            out_shardings=(own, self._whole) if self._donated else self._whole,
            donate_argnums=self._donated,
            compiler_options=self._options,
        )
