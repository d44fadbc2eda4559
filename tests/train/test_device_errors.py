"""Devices that fail: one line, and nobody waits for what will never be computed."""

import jax
import jax.numpy as jnp
import pytest

import dl
from dl.train.device_errors import describe_device_error, device_errors
from dl.train.layout import make_layout

TOO_LARGE = 2**46  # numbers: no machine has 256 TiB


def test_a_state_that_could_not_be_made_is_not_copied() -> None:
    layout = make_layout(devices=1, batch_size=1)
    with device_errors():
        failed = jax.jit(lambda: {"small": jnp.ones(()), "large": jnp.zeros(TOO_LARGE)})
    with pytest.raises(dl.RunError, match=r"out of memory: [\d,]+ bytes are not free; take a sma"):
        with device_errors():
            layout.put(failed())


def test_other_errors_of_a_device_keep_their_words() -> None:
    said = describe_device_error("INTERNAL: Error dispatching\ncomputation: lost")
    assert said.startswith("the computation failed on the device (INTERNAL: Error dispatching comp")
    assert "\n" not in said
    assert "the device has no more" in describe_device_error("RESOURCE_EXHAUSTED: ran out")


def test_other_exceptions_pass() -> None:
    with pytest.raises(ZeroDivisionError), device_errors():
        raise ZeroDivisionError
