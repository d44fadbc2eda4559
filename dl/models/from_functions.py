"""From two functions of your own to a `Model`."""

import inspect
from collections.abc import Callable
from typing import Any

from dl.errors import InputError
from dl.types import Array, Carry, Key, Model, ModelState, Params

_SHORT = "apply(params, inputs)"
_FULL = "apply(params, model_state, inputs, *, train, key, carry)"
_KEYWORDS = ("train", "key", "carry")


def from_functions(
    init: Callable[..., Any],
    apply: Callable[..., Any],
    *,
    name: str = "net",
    initial_carry: Callable[[int], Carry] | None = None,
) -> Model:
    """The `Model` of two pure functions, in a short form or in the full form of `dl.types.Model`.

    Short: `init(key, inputs) -> params` and `apply(params, inputs) -> outputs`, where `apply` may
    also take `train` and `key`. Full: `init(key, inputs) -> (params, model_state)` and
    `apply(params, model_state, inputs, *, train, key, carry) -> (outputs, model_state, carry)`.
    `initial_carry(B)` is the carry with which B rows start, for a recurrent net in the full form.

    Raises:
        InputError: for functions with other arguments; when they are called, for other results.

    >>> def init(key, inputs):
    ...     return {"W": jax.random.normal(key, (inputs.shape[-1], 3)), "b": jnp.zeros(3)}
    >>> model = from_functions(init, lambda params, x: x @ params["W"] + params["b"], name="linear")
    >>> params, model_state = model.init(jax.random.key(0), jnp.ones((1, 2)))
    >>> model.apply(params, model_state, jnp.ones((5, 2)))[0].shape
    (5, 3)
    """
    if len(_data_arguments(init)) != 2:
        raise InputError(f"init must take (key, inputs), not {inspect.signature(init)}")
    arguments = len(_data_arguments(apply))
    keywords = tuple(word for word in _KEYWORDS if _takes(apply, word))
    if arguments == 2 and "carry" not in keywords:
        return Model(name, _full_init(init), _full_apply(apply, keywords))
    if arguments != 3 or keywords != _KEYWORDS:
        signature = inspect.signature(apply)
        raise InputError(f"apply must be {_SHORT} or {_FULL}, yours takes {signature}")
    return Model(name, _checked_init(init), _checked_apply(apply), initial_carry=initial_carry)


def _data_arguments(function: Callable[..., Any]) -> list[str]:
    """The names of the required arguments, without those that say how to apply."""
    parameters = inspect.signature(function).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in variadic]
    return [name for name in required if name not in _KEYWORDS or name == required[0]]


def _takes(function: Callable[..., Any], word: str) -> bool:
    parameters = inspect.signature(function).parameters
    return word in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _full_init(init: Callable[..., Any]) -> Callable[..., tuple[Params, ModelState]]:
    return lambda key, inputs: (init(key, inputs), {})


def _full_apply(apply: Callable[..., Any], keywords: tuple[str, ...]) -> Any:
    def full(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        values = {"train": train, "key": key}
        outputs = apply(params, inputs, **{word: values[word] for word in keywords})
        return outputs, model_state, carry

    return full


def _checked_init(init: Callable[..., Any]) -> Callable[..., tuple[Params, ModelState]]:
    def checked(key: Key, inputs: Any) -> tuple[Params, ModelState]:
        return _checked_result(init(key, inputs), ("params", "model_state"), "init")

    return checked


def _checked_apply(apply: Callable[..., Any]) -> Any:
    def checked(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        result = apply(params, model_state, inputs, train=train, key=key, carry=carry)
        return _checked_result(result, ("outputs", "model_state", "carry"), "apply")

    return checked


def _checked_result(result: Any, names: tuple[str, ...], function: str) -> Any:
    if not isinstance(result, tuple) or len(result) != len(names):
        size = f" of {len(result)}" if isinstance(result, tuple) else ""
        raise InputError(
            f"{function} must return ({', '.join(names)}) in the full form, "
            f"not a {type(result).__name__}{size}: without a model_state return {{}}, "
            f"without a carry return ()"
        )
    return result
