"""Layers that compute by plain operations, for programs that leave this library."""

import contextlib
from collections.abc import Iterator
from typing import Any

from flax import linen as nn


@contextlib.contextmanager
def plain_operations() -> Iterator[None]:
    """Within it, layers compute by XLA's own operations, and loops step by step.

    The forms that are fast on a CPU differ by platform and by the size of the batch, and have
    gradients of their own. A program that is written to a file needs none of this: one program
    serves all platforms, all batch sizes and other compilers. It acts on the layers that have an
    `implementation`, if they are called, or traced, within the context. Outputs are equal to float
    tolerance, parameters are the same.

    >>> import dl
    >>> net, pictures = dl.layers.Conv(4, 3), jnp.ones((1, 8, 8, 2))
    >>> params = net.init(jax.random.key(0), pictures)
    >>> with plain_operations():
    ...     str(jax.make_jaxpr(net.apply)(params, pictures)).count("platform_index")
    0
    """

    def call(
        next_call: Any, args: tuple, kwargs: dict, context: nn.module.InterceptorContext
    ) -> Any:
        layer: Any = context.module
        known = type(layer).__dataclass_fields__  # asking the layer itself may call a method of it
        if "implementation" not in known or context.method_name == "setup":
            return next_call(*args, **kwargs)
        # Of the layer that is bound to this call; what is in the model stays as it is.
        before = layer.implementation
        object.__setattr__(layer, "implementation", "scan" if "kind" in known else "native")
        try:
            return next_call(*args, **kwargs)
        finally:
            object.__setattr__(layer, "implementation", before)

    with nn.intercept_methods(call):
        yield
