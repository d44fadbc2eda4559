"""Parameters by name: the path of each array, and the paths that a name or a glob matches."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

import jax

from dl.errors import InputError
from dl.types import PyTree


def by_path(tree: PyTree) -> dict[str, Any]:
    """Path to leaf, in the order of the tree.

    >>> by_path({"output": {"kernel": 1, "bias": 2}})
    {'output/bias': 2, 'output/kernel': 1}
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}


def is_named(path: str, names: Iterable[str]) -> bool:
    """Whether one of `names`, paths or globs, matches `path` or a layer that contains it.

    >>> names = ("stage1_2", "stage1_*", "*/norm", "stage1")
    >>> [is_named("stage1_2/block1/norm/scale", [name]) for name in names]
    [True, True, True, False]
    """
    parts = path.split("/")
    prefixes = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return any(fnmatchcase(prefix, name) for name in names for prefix in prefixes)


def named_paths(params: PyTree, names: Sequence[str]) -> list[str]:
    """The paths in `params` (arrays or shapes) that `names` match.

    Raises:
        InputError: for a name that matches no path; the message lists the layers.
    """
    paths = list(by_path(params))
    for name in names:
        if not any(is_named(path, [name]) for path in paths):
            layers = dict.fromkeys(path.split("/")[0] for path in paths)
            raise InputError(
                f"no layer or parameter is called {name!r}; the layers are {', '.join(layers)}"
            )
    return [path for path in paths if is_named(path, names)]
