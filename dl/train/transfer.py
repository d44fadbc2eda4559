"""Copy parameters from one model into another."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax

from dl.errors import InputError
from dl.train.names import by_path, is_named, named_paths
from dl.types import PyTree


class Transfer(NamedTuple):
    """The new tree, the paths of the arrays that were copied, and of those that stayed new."""

    tree: PyTree
    taken: tuple[str, ...]
    new: tuple[str, ...]


def transfer(source: PyTree, *, into: PyTree, new: Sequence[str] = ()) -> Transfer:
    """`into` with the arrays of `source`, except for those that match `new`.

    Both are parameters, or both are model states. `new` holds names of layers or arrays, or globs:
    usually the head, `["output"]`.

    Raises:
        InputError: where an array outside `new` has another shape or dtype in `source`, or is
            missing in one of the two; for a name in `new` that matches nothing.

    >>> import dl, jax.numpy as jnp
    >>> digits, signs = (dl.models.mlp(classes, hidden_sizes=(8,)) for classes in (10, 3))
    >>> trained, _ = digits.init(jax.random.key(0), jnp.zeros((1, 4)))
    >>> fresh, _ = signs.init(jax.random.key(1), jnp.zeros((1, 4)))
    >>> begun = transfer(trained, into=fresh, new=["output"])
    >>> begun.taken, begun.new
    (('hidden1/bias', 'hidden1/kernel'), ('output/bias', 'output/kernel'))
    >>> begun.tree["hidden1"]["kernel"] is trained["hidden1"]["kernel"]
    True
    >>> begun.tree["output"]["kernel"].shape
    (8, 3)
    """
    fresh, stored = by_path(into), by_path(source)
    kept = set(named_paths(into, new))
    for path in {**fresh, **stored}:
        if path not in kept and not (path not in fresh and is_named(path, new)):
            _require_same(path, stored.get(path), fresh.get(path))
    leaves = [fresh[path] if path in kept else stored[path] for path in fresh]
    tree = jax.tree.unflatten(jax.tree.structure(into), leaves)
    return Transfer(
        tree,
        tuple(path for path in fresh if path not in kept),
        tuple(path for path in fresh if path in kept),
    )


def _require_same(path: str, stored: Any, fresh: Any) -> None:
    if _describe(stored) != _describe(fresh):
        raise InputError(
            f"{path} is {_describe(stored)} in the source, {_describe(fresh)} here; all but a "
            "head must fit"
        )


def _describe(leaf: Any) -> str:
    return "absent" if leaf is None else f"{leaf.dtype}{list(leaf.shape)}"
