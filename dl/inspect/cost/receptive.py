"""Receptive fields: which pixels a unit can see, followed through a traced computation.

Along one axis of the picture, the units of an array see intervals of pixels at even distances. Such
intervals are described by three numbers: their size, the distance from one to the next, and the
first pixel of the first one. A convolution or a pooling widens the intervals, a stride spaces them
out, padding moves them; an operation of several inputs joins their intervals, and a product over
all units sees everything.
Source: E7; Araujo et al. 2019, doi:10.23915/distill.00021.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jax.extend.core import JaxprEqn

from dl.jaxprs import shape_of

Shape = tuple[int, ...]


class Reach(NamedTuple):
    """Unit i along `axis` of an array sees `size` pixels from start + stride · i on.

    With `axis` None all units see the same pixels.
    """

    axis: int | None
    size: int
    stride: int
    start: int


Field = tuple[Reach | None, ...] | None
"""An array's reach along each axis of the picture; None where it does not depend on the picture."""


def pixels(axes: Sequence[int]) -> Field:
    """The field of the picture itself, whose rows and columns are `axes`: a pixel sees itself."""
    return tuple(Reach(axis, 1, 1, 0) for axis in axes)


def propagate(equation: JaxprEqn, fields: Sequence[Field]) -> list[Field]:
    """The fields of an equation's outputs from those of its inputs.

    An unknown operation is assumed to see everything that its inputs see, so that a field may be
    too large but never too small.

    >>> every_fourth = jax.make_jaxpr(lambda x: x[:, 1::4])(jnp.ones((1, 227, 227, 1))).eqns[0]
    >>> rows, columns = propagate(every_fourth, [pixels((1, 2))])[0]
    >>> rows, columns
    (Reach(axis=1, size=1, stride=4, start=1), Reach(axis=2, size=1, stride=1, start=0))
    """
    axes = max((len(field) for field in fields if field is not None), default=0)
    rule = _RULES.get(equation.primitive.name, _everything)
    along = [
        rule(equation, [None if field is None else field[axis] for field in fields])
        for axis in range(axes)
    ]
    return (
        [tuple(reaches) for reaches in zip(*along, strict=True)]
        if along
        else [None] * len(equation.outvars)
    )


Reaches = Sequence[Reach | None]
Rule = Callable[[JaxprEqn, Reaches], Reaches]


def _see_all(reach: Reach | None, shape: Shape) -> Reach | None:
    """What all units of an array of this shape see together."""
    if reach is None or reach.axis is None:
        return reach
    return Reach(None, reach.size + reach.stride * (shape[reach.axis] - 1), 0, reach.start)


def _together(reaches: Reaches, shape: Shape) -> Reach | None:
    """What units see that each combine one unit of several arrays of this shape, or a scalar."""
    seen = [reach for reach in reaches if reach is not None]
    if len({(reach.axis, reach.stride) for reach in seen}) > 1:
        seen = [whole for reach in seen if (whole := _see_all(reach, shape))]
    if not seen:
        return None
    start, end = min(reach.start for reach in seen), max(reach.start + reach.size for reach in seen)
    return seen[0]._replace(start=start, size=end - start)


def _moved(reach: Reach | None, shape: Shape, axis: int | None) -> Reach | None:
    """The same units along another axis; with None, the axis is gone and all are seen together."""
    if reach is None or reach.axis is None:
        return reach
    return _see_all(reach, shape) if axis is None else reach._replace(axis=axis)


def _windowed(
    reach: Reach,
    shape: Shape,
    axis: int,
    *,
    extent: int = 1,
    step: int = 1,
    low: int = 0,
    spread: int = 1,
) -> Reach | None:
    """Windows of `extent` units, `step` apart, over an array with `low` units of padding before it.

    With `spread` the units lie that far apart, as in a transposed convolution. Some windows then
    see fewer units than others; the widest is returned.
    """
    if reach.stride * step % spread:
        return _see_all(reach, shape)
    # Paddings and windows may be NumPy's integers, which JSON refuses.
    size, first = reach.size + reach.stride * int((extent - 1) // spread), -int(low // spread)
    return Reach(axis, size, int(reach.stride * step // spread), reach.start + reach.stride * first)


def _everything(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    wholes = [
        _see_all(reach, shape_of(v)) for reach, v in zip(reaches, equation.invars, strict=True)
    ]
    return [_together(wholes, ())] * len(equation.outvars)


def _elementwise(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    return [_together(reaches, shape_of(equation.outvars[0]))] * len(equation.outvars)


def _each(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    return reaches


def _convolution(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    params, (x, kernel) = equation.params, reaches
    numbers = params["dimension_numbers"]
    if kernel is not None or x is None or x.axis not in numbers.lhs_spec[2:]:
        return _everything(equation, reaches)
    which = numbers.lhs_spec[2:].index(x.axis)
    taps = shape_of(equation.invars[1])[numbers.rhs_spec[2 + which]]
    window = {
        "extent": params["rhs_dilation"][which] * (taps - 1) + 1,
        "step": params["window_strides"][which],
        "low": params["padding"][which][0],
        "spread": params["lhs_dilation"][which],
    }
    return [_windowed(x, shape_of(equation.invars[0]), numbers.out_spec[2 + which], **window)]


def _pooling(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    params, x = equation.params, reaches[0]
    if x is None or x.axis is None:
        return [x]
    window = {
        "extent": params["window_dilation"][x.axis] * (params["window_dimensions"][x.axis] - 1) + 1,
        "step": params["window_strides"][x.axis],
        "low": params["padding"][x.axis][0],
        "spread": params["base_dilation"][x.axis],
    }
    return [_windowed(x, shape_of(equation.invars[0]), x.axis, **window)]


def _product(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    """The output's axes: those shared by both sides, then the left side's own, then the right's."""
    summed, shared = equation.params["dimension_numbers"]
    parts, before = [], len(shared[0])
    for side, (reach, variable) in enumerate(zip(reaches, equation.invars, strict=True)):
        shape = shape_of(variable)
        alone = [axis for axis in range(len(shape)) if axis not in (*summed[side], *shared[side])]
        places = {axis: place for place, axis in enumerate(shared[side])}
        places |= {axis: place for place, axis in enumerate(alone, start=before)}
        parts.append(_moved(reach, shape, places.get(reach.axis) if reach else None))
        before += len(alone)
    return [_together(parts, shape_of(equation.outvars[0]))]


def _slice(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    (x,), strides = reaches, equation.params["strides"]
    if x is None or x.axis is None:
        return [x]
    step, start = strides[x.axis] if strides else 1, equation.params["start_indices"][x.axis]
    return [_windowed(x, shape_of(equation.invars[0]), x.axis, step=step, low=-start)]


def _pad(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    x, filling = reaches
    if filling is not None:
        return _everything(equation, reaches)
    if x is None or x.axis is None:
        return [x]
    low, _, between = equation.params["padding_config"][x.axis]
    return [_windowed(x, shape_of(equation.invars[0]), x.axis, low=low, spread=between + 1)]


def _concatenate(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    if any(reach and reach.axis == equation.params["dimension"] for reach in reaches):
        return _everything(equation, reaches)
    return _elementwise(equation, reaches)


def _split(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    if reaches[0] and reaches[0].axis == equation.params["axis"]:
        return _everything(equation, reaches)
    return [reaches[0]] * len(equation.outvars)


def _reshaped(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    """The axis of the result with the same length and as many units before it is the same axis."""
    x, before, after = reaches[0], shape_of(equation.invars[0]), shape_of(equation.outvars[0])
    if x is None or x.axis is None:
        return [x]
    outer, along = np.prod(before[: x.axis]), before[x.axis]
    same = [
        axis
        for axis, side in enumerate(after)
        if side == along > 1 and np.prod(after[:axis]) == outer
    ]
    return [_moved(x, before, same[0] if same else None)]


def _broadcast(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    x, shape = reaches[0], shape_of(equation.invars[0])
    if x is None or x.axis is None:
        return [x]
    axis = equation.params["broadcast_dimensions"][x.axis] if shape[x.axis] > 1 else None
    return [_moved(x, shape, axis)]


def _transposed(equation: JaxprEqn, reaches: Reaches) -> Reaches:
    x, permutation = reaches[0], equation.params["permutation"]
    return [x if x is None or x.axis is None else x._replace(axis=permutation.index(x.axis))]


def _without(name: str) -> Rule:
    """The rule for operations that remove the axes in their parameter `name`."""

    def rule(equation: JaxprEqn, reaches: Reaches) -> Reaches:
        x, gone = reaches[0], equation.params[name]
        if x is None or x.axis is None:
            return [x]
        axis = None if x.axis in gone else x.axis - sum(other < x.axis for other in gone)
        return [_moved(x, shape_of(equation.invars[0]), axis)]

    return rule


_ELEMENTWISE = """
    abs acos acosh add and asin asinh atan atan2 atanh cbrt ceil clamp convert_element_type copy
    copy_p cos cosh div eq erf erf_inv erfc exp exp2 expm1 floor ge gt integer_pow is_finite le
    lgamma log log1p logistic lt max min mul name ne neg nextafter not or pow reduce_precision rem
    round rsqrt select_n sign sin sinh sqrt square stop_gradient sub tan tanh xor
"""
_REDUCTIONS = "reduce_sum reduce_max reduce_min reduce_prod reduce_and reduce_or argmax argmin"

_RULES: dict[str, Rule] = {
    **dict.fromkeys(_ELEMENTWISE.split(), _elementwise),
    **dict.fromkeys(_REDUCTIONS.split(), _without("axes")),
    **dict.fromkeys(
        ("reduce_window", "reduce_window_sum", "reduce_window_max", "reduce_window_min"), _pooling
    ),
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenate,
    "conv_general_dilated": _convolution,
    "dot_general": _product,
    "optimization_barrier": _each,
    "pad": _pad,
    "reshape": _reshaped,
    "slice": _slice,
    "split": _split,
    "squeeze": _without("dimensions"),
    "transpose": _transposed,
}
