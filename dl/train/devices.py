"""The devices that JAX finds, or one sentence about why it finds none."""

import os

import jax

from dl.errors import InputError
from dl.train.processes import are_several
from dl.types import Device


def ask_for_devices(count: int) -> list[Device]:
    """All devices of this process, of which `count` are asked for; 0 asks for as many as suit.

    Of processes that train together they are the devices of all.

    Raises:
        InputError: when fewer are here, and as `find_devices`.
    """
    available = find_devices()
    if not 0 <= count <= len(available):
        raise InputError(
            f"{count} devices asked for, {len(available)} {available[0].platform} device(s) here: "
            f"leave --devices out, or give a number up to {len(available)}"
        )
    return available


def find_devices() -> list[Device]:
    """The devices of this process, or of all that train together.

    Raises:
        InputError: when `JAX_PLATFORMS` names a kind of device that is not here.
    """
    try:
        return jax.devices() if are_several() else jax.local_devices()
    except (RuntimeError, AssertionError):  # an assertion where CUDA is not installed
        asked = os.environ.get("JAX_PLATFORMS") or jax.config.values["jax_platforms"]
        if not asked:
            raise
        raise InputError(
            f"JAX_PLATFORMS={asked}: there is no such device here, or JAX cannot use it: leave it "
            "out, or install what JAX needs, such as pip install 'dl-lectures[gpu]'"
        ) from None
