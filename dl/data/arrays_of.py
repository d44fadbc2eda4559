"""What people have in memory, as NumPy arrays: lists, data frames, tensors of other libraries."""

from typing import Any

import numpy as np

from dl.data.naming import shown
from dl.errors import InputError


def to_array(values: Any, name: str, *, several: str) -> np.ndarray:
    """`values` as an array: NumPy's own, a list, or whatever gives one by `__array__`.

    Args:
        values: the values.
        name: what they are called in errors.
        several: the message about a list of values of several shapes; {} stands for the name.

    Raises:
        InputError: for values of several shapes, masked ones, and tensors that give no array.

    >>> to_array([1, 2], "x", several="{} has several shapes").shape
    (2,)
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError(f"{name} has masked values: fill them (x.filled(...)), or drop those rows")
    if hasattr(values, "toarray"):
        raise InputError(f"{name} is a sparse matrix: give {name.split()[0]}.toarray()")
    try:
        return np.asarray(values)
    except ValueError:
        raise InputError(several.format(name)) from None
    except Exception as error:  # whatever another library raises in its __array__
        raise InputError(
            f"{name} gives no array ({shown(error)}): give one of NumPy, such as "
            f"{name.split()[0]}.detach().cpu().numpy()"
        ) from None


def unpacked(values: Any) -> Any:
    """An array of objects that holds arrays or lists, as the list of them; all else as it is.

    >>> several = np.empty(2, object)
    >>> several[:] = [np.zeros(1), np.zeros(2)]
    >>> [len(each) for each in unpacked(several)]
    [1, 2]
    """
    try:
        array = np.asarray(values) if hasattr(values, "__array__") else None
    except Exception:  # `to_array` says it in words
        return values
    if array is None or array.dtype != object or array.ndim != 1:
        return values
    held = list(array)
    return held if all(isinstance(each, list | tuple | np.ndarray) for each in held) else values
