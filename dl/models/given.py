"""Is it a model? What users hand over instead is named, together with what makes a model of it."""

from typing import Any

from dl.errors import InputError
from dl.types import Model


def require_model(given: Any, *, by: str) -> None:
    """Raises InputError unless what is `given` to something is a `Model`.

    >>> from flax import linen as nn
    >>> require_model(nn.Dense(3), by="a recipe")
    Traceback (most recent call last):
    dl.errors.InputError: a recipe takes a Model, and Dense is a Flax Linen module: give ...
    """
    if isinstance(given, Model):
        return
    kind, what = (given, "class ") if isinstance(given, type) else (type(given), "")
    maker = next((maker for base in kind.__mro__ if (maker := _maker(base))), None)
    if maker is not None:
        library = {"from_linen": "Flax Linen", "from_nnx": "Flax NNX"}[maker]
        raise InputError(
            f"{by} takes a Model, and {kind.__name__} is a {library} module: "
            f"give dl.{maker}({'module' if not what else kind.__name__ + '(...)'})"
        )
    hint = "call it, as in dl.models.lenet(10)" if callable(given) else "make one with dl.models"
    name = getattr(given, "__name__", None) or kind.__name__
    raise InputError(
        f"{by} takes a Model, not {what}{name}: {hint}, or dl.from_functions(init, apply)"
    )


def _maker(base: type) -> str | None:
    """The function of `dl` that makes a model of a module with this base class."""
    if base.__name__ != "Module" or not base.__module__.startswith("flax."):
        return None
    return "from_nnx" if ".nnx" in base.__module__ else "from_linen"
