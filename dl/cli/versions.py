"""`--version`: what a report of a fault should begin with."""

import platform
from importlib import metadata

_DISTRIBUTION = "dl-lectures"


def versions() -> str:
    """The versions of this package, of Python and of what computes; nothing is imported for it.

    >>> versions().split()[0]
    'dl-lectures'
    """
    words = [f"{name} {_version(name)}" for name in (_DISTRIBUTION, "jax", "flax")]
    return ", ".join([*words, f"Python {platform.python_version()}"])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "from a checkout"
