"""Batch norm whose statistics leave out padded rows, whatever net holds the layer."""

import contextlib
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.types import Array


@contextlib.contextmanager
def over_real_rows(mask: Array) -> Iterator[None]:
    """Within it, batch norm takes its statistics over the rows whose `mask` [B] or [B, T] is 1.

    The train step enters it, so that models need not know what a batch holds. Without any real row
    a layer uses its running statistics and leaves them as they are. It acts on the layers
    `nn.BatchNorm` of linen that are traced within it. A layer whose rows are not those of the
    batch, or that keeps statistics for each row, is left alone.

    >>> norm = nn.BatchNorm(use_running_average=False, use_bias=False, use_scale=False)
    >>> state = {"batch_stats": {"mean": jnp.zeros(1), "var": jnp.ones(1)}}
    >>> with over_real_rows(jnp.array([1.0, 1.0, 0.0])):
    ...     y, _ = norm.apply(state, jnp.array([[1.0], [3.0], [9.0]]), mutable=["batch_stats"])
    >>> y[:2].round(3).tolist()
    [[-1.0], [1.0]]
    """

    def call(
        next_call: Any, args: tuple, kwargs: dict, context: nn.module.InterceptorContext
    ) -> Any:
        layer: Any = context.module
        plain = type(layer) is nn.BatchNorm and context.method_name == "__call__"
        if not plain or layer.is_initializing() or kwargs.get("mask") is not None:
            return next_call(*args, **kwargs)
        # The new layer has the same variables: its parent is the scope to which this one is bound.
        # As a layer of its own it is seen by the other contexts, which synchronise or freeze.
        options = {each.name: getattr(layer, each.name) for each in fields(layer) if each.init}
        options |= {"parent": layer.scope, "name": None}
        return _RealRowsNorm(**options, rows=mask)(*args, **kwargs)

    with nn.intercept_methods(call):
        yield


class _RealRowsNorm(nn.BatchNorm):
    """Batch norm that knows which `rows` [B] or [B, T] are real."""

    rows: Any = None

    def __call__(self, x: Array, use_running_average: bool | None = None, **options: Any) -> Array:
        running = nn.merge_param(
            "use_running_average", self.use_running_average, use_running_average
        )
        real = None if running else _real_places(self.rows, x, self.axis)
        if real is None:
            return super().__call__(x, use_running_average, **options)
        share, *own = _statistics(self, x, real)
        before = [self.get_variable("batch_stats", name) for name in ("mean", "var")]
        pairs = list(zip(own, before, strict=True))
        self._put([jnp.where(share > 0, new, old) for new, old in pairs])
        fixed = self.clone(parent=self.scope, use_running_average=True, axis_name=None)
        outputs = fixed(x)
        kept = self.momentum
        self._put([jnp.where(share > 0, kept * old + (1 - kept) * new, old) for new, old in pairs])
        return outputs

    def _put(self, statistics: list[Array]) -> None:
        for name, value in zip(("mean", "var"), statistics, strict=True):
            self.put_variable("batch_stats", name, value)


def _real_places(mask: Array, x: Array, axis: Any) -> Array | None:
    """True where `x` is real, in a shape that is broadcast to it; None if its rows are others."""
    rows = mask if mask.shape == x.shape[: mask.ndim] else mask.reshape(-1)
    if x.shape[0] % mask.shape[0]:
        return None
    if rows.shape != x.shape[: rows.ndim]:  # k rows of each example, such as patches
        rows = jnp.repeat(mask.reshape(len(mask), -1).max(axis=1), x.shape[0] // len(mask))
    if min(_feature_axes(x, axis)) < rows.ndim:
        return None
    return rows.reshape(*rows.shape, *[1] * (x.ndim - rows.ndim)) > 0


def _feature_axes(x: Array, axis: Any) -> set[int]:
    return {each % x.ndim for each in (axis if isinstance(axis, tuple | list) else (axis,))}


def _statistics(layer: nn.BatchNorm, x: Array, real: Array) -> tuple[Array, Array, Array]:
    """Which share of the places is `real`; mean and variance over them, for each feature.

    Over devices shares and means of all places are averaged, because devices have as many places,
    and not as many real ones.
    """
    axes = tuple(set(range(x.ndim)) - _feature_axes(x, layer.axis))
    dtype = jnp.result_type(x) if layer.dtype is None else layer.dtype
    if layer.force_float32_reductions:
        dtype = jnp.promote_types(dtype, jnp.float32)
    x = x.astype(dtype)

    def over_devices(own: Array) -> Array:
        name, groups = layer.axis_name, layer.axis_index_groups
        return own if name is None else jax.lax.pmean(own, name, axis_index_groups=groups)

    share = over_devices(jnp.mean(real, dtype=dtype))
    divisor = jnp.where(share > 0, share, jnp.ones_like(share))

    def mean_of(values: Array) -> Array:
        kept = jnp.where(real, values, jnp.zeros((), dtype))
        return over_devices(jnp.mean(kept, axes)) / divisor

    mean = mean_of(x)
    if layer.use_fast_variance:
        return share, mean, jnp.maximum(mean_of(x * x) - mean * mean, jnp.zeros((), dtype))
    return share, mean, mean_of((x - jnp.expand_dims(mean, axes)) ** 2)
