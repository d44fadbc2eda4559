"""Functions that compiled programs take as arguments."""

from typing import Any

import jax
from jax.tree_util import Partial


def as_argument(function: Any) -> Any:
    """`function` as a pytree, which `jax.jit` takes as an argument.

    A `jax.tree_util.Partial(function, params)` is one already: the program that was compiled for
    it serves all values of `params`. A plain function becomes a pytree without arrays, and another
    function is another program. None stays None.

    >>> double = as_argument(lambda x: 2 * x)
    >>> int(jax.jit(lambda function, x: function(x))(double, 4))
    8
    """
    return Partial(function) if jax.tree_util.all_leaves([function]) else function
