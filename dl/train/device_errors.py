"""Errors of the devices in words: what JAX raises when a computation fails that was under way."""

import contextlib
import re
from collections.abc import Iterator

import jax

from dl.errors import RunError


@contextlib.contextmanager
def device_errors() -> Iterator[None]:
    """Within it, an error of a device is a `RunError` of one line, such as for too little memory.

    A computation is under way after its call has returned, so that its error comes with the first
    use of a result. It must come then: results of a failed computation that are handed to the next
    one can leave it waiting for ever. So whoever makes the first arrays waits for them.

    >>> with device_errors():
    ...     raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes.")
    Traceback (most recent call last):
    dl.errors.RunError: out of memory: 8 bytes are not free; take a smaller batch or model, or ...
    """
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        raise RunError(describe_device_error(str(error))) from error


def describe_device_error(message: str) -> str:
    """A device's error as one line with a remedy.

    >>> describe_device_error("INTERNAL: failed\\nat")
    'the computation failed on the device (INTERNAL: failed at); what had been saved is kept'
    """
    line = " ".join(message.split())
    if "Out of memory" not in line and "RESOURCE_EXHAUSTED" not in line:
        return f"the computation failed on the device ({line[:200]}); what had been saved is kept"
    size = re.search(r"allocating (\d+)", line)
    wanted = f"{int(size[1]):,} bytes are not free" if size else "the device has no more"
    return (
        f"out of memory: {wanted}; take a smaller batch or model, or more devices; what had been "
        "saved is kept"
    )
