"""From a Flax NNX module to a `Model`, through Flax's own bridge to linen."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from flax import linen as nn

from dl.errors import InputError
from dl.models.functional import from_linen
from dl.models.modes import mode
from dl.models.trace import trace_layers
from dl.types import Model


def from_nnx(module: Any, *, name: str | None = None) -> Model:
    """The `Model` of a Flax NNX module, or of a class or function that makes one from `rngs`.

    A class or function, such as `lambda rngs: Net(784, 10, rngs=rngs)`, draws its parameters from
    the key, so that every seed begins elsewhere. A module that is made already keeps its values:
    every seed begins with them, and the module itself is never changed. In training the module is
    in the mode of `module.train()`, in evaluation in that of `module.eval()`; if its call takes
    `train`, it is told that too. Variables other than `nnx.Param`, such as batch statistics, become
    the `model_state`. Its layers are shown as one.

    Raises:
        InputError: for anything else; when it is applied, for a function that returns no module.

    >>> from flax import nnx
    >>> model = from_nnx(lambda rngs: nnx.Linear(2, 3, rngs=rngs), name="linear")
    >>> params, model_state = model.init(jax.random.key(0), jnp.ones((1, 2)))
    >>> model.apply(params, model_state, jnp.ones((5, 2)))[0].shape
    (5, 3)
    """
    bridge = _bridge(*_factory(module))
    model, trace = from_linen(bridge, name=name), partial(trace_layers, bridge, initializing=False)
    return replace(model, trace=trace, activations=None)


def _factory(module: Any) -> tuple[Callable[..., Any], str]:
    """A function of `rngs` that makes the module, and a name for it."""
    from flax import nnx

    if isinstance(module, nnx.Module):
        return partial(_copied, nnx.clone(module)), type(module).__name__
    if isinstance(module, nn.Module) or not callable(module):
        remedy = "from_linen" if isinstance(module, nn.Module) else "from_functions"
        raise InputError(
            f"from_nnx takes a flax.nnx module or a function that makes one from rngs, "
            f"not {type(module).__name__}: see {remedy}"
        )
    # The signature of an NNX class is hidden behind that of its metaclass.
    takes = partial(module.__init__, None) if isinstance(module, type) else module
    try:
        inspect.signature(takes).bind(rngs=None)
    except TypeError as error:
        raise InputError(
            f"from_nnx calls this with rngs alone, and that does not fit ({error}): "
            f"give a function such as lambda rngs: Net(784, 10, rngs=rngs)"
        ) from error
    name = getattr(module, "__name__", "net")
    return partial(_made, module), name if name.isidentifier() else "net"


def _made(make: Callable[..., Any], *, rngs: Any) -> Any:
    from flax import nnx

    module = make(rngs=_with_default(rngs))
    if not isinstance(module, nnx.Module):
        raise InputError(
            f"this function makes a {type(module).__name__}, not a flax.nnx module: return one"
        )
    return module


def _copied(module: Any, *, rngs: Any) -> Any:
    """A copy of a module with the same values, whose random streams go on from `rngs`."""
    from flax import nnx

    copy, rngs = nnx.clone(module), _with_default(rngs)
    streams = {node.tag for _, node in nnx.iter_graph(copy) if isinstance(node, nnx.RngStream)}
    nnx.reseed(copy, **{stream: rngs[stream]() for stream in sorted(streams)})
    return copy


def _with_default(rngs: Any) -> Any:
    """The streams of a call, with one for whatever other names the module draws from."""
    from flax import nnx

    # Without a key there is a constant default: in evaluation nothing is drawn from it.
    if "params" not in rngs:
        return rngs
    return nnx.Rngs(default=rngs.params(), dropout=rngs.dropout())


def _bridge(factory: Callable[..., Any], name: str) -> nn.Module:
    from flax.nnx.bridge import ToLinen

    class NNX(ToLinen):
        def __call__(self, inputs: Any, *, train: bool = False) -> Any:
            return super().__call__(inputs, nnx_method=partial(_call, train=train))

    NNX.__name__ = name
    return NNX(factory)


def _call(module: Any, inputs: Any, *, train: bool) -> Any:
    (module.train if train else module.eval)()
    return module(inputs, **mode(module, train=train))
