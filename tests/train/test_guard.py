"""The guard counts compilations and names what changed."""

import jax
import jax.numpy as jnp
import pytest

from dl.train.guard import CompilationGuard, RecompilationWarning


def test_guard_warns_with_the_shapes_that_changed() -> None:
    guard = CompilationGuard("train step", declared=1)
    step = jax.jit(guard.watch(lambda batch: batch["inputs"].sum()))
    step({"inputs": jnp.ones((4, 2))})
    step({"inputs": jnp.zeros((4, 2))})
    assert guard.count == 1
    with pytest.warns(
        RecompilationWarning, match=r"2 times, 1 declared.*inputs.*float32\[4,2\] -> float32\[3,2\]"
    ):
        step({"inputs": jnp.ones((3, 2))})


def test_guard_is_silent_for_declared_signatures() -> None:
    guard = CompilationGuard("train step", declared=2)
    step = jax.jit(guard.watch(lambda inputs: inputs.sum()))
    for size in (4, 3, 4, 3):
        step(jnp.ones(size))
    assert guard.count == 2
