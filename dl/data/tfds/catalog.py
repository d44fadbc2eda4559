"""The names of all sets of TFDS."""

import contextlib
import importlib
import pkgutil
import warnings
from functools import cache
from typing import NamedTuple

_WITHOUT_SETS = frozenset({"core", "proto", "scripts", "testing"})


class Catalog(NamedTuple):
    """The names that TFDS knows, and the Python packages that are missing for more of them."""

    names: tuple[str, ...]
    missing: tuple[str, ...]


def catalog() -> Catalog:
    """The sets of all sub-packages of TFDS, which are imported for it in about 0.1 s.

    TFDS lists only those sets whose module has been imported, and imports most sub-packages when
    one of their names is first used.
    """
    import tensorflow_datasets as tfds

    missing = _import_all()
    return Catalog(tuple(sorted(tfds.list_builders(with_community_datasets=False))), missing)


@cache
def _import_all() -> tuple[str, ...]:
    """Import the sub-packages that hold sets; what stops some of them, by name."""
    import tensorflow_datasets as tfds

    packages = [
        package.name
        for package in pkgutil.iter_modules(tfds.__path__)
        if package.ispkg and package.name not in _WITHOUT_SETS
    ]
    stopped = {_import(f"{tfds.__name__}.{name}") for name in [*packages, "rlds.datasets"]}
    return tuple(sorted(name for name in stopped if name))


def _import(module: str) -> str | None:
    """The Python package that stops the import of a module, if one does."""
    with warnings.catch_warnings(), contextlib.suppress(ImportError):
        warnings.simplefilter("ignore")  # of what is imported, which is not ours to mend
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as error:
            return error.name
    return None
