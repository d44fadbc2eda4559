"""Compilation in the background: once, with errors where they belong, and counted as waiting."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.train import compile_clock
from dl.train.ahead import Ahead
from dl.train.compile_clock import CompileClock
from dl.train.compiled import compile_recipe
from dl.train.guard import CompilationGuard
from dl.train.layout import make_layout

SHAPE = jax.ShapeDtypeStruct((3,), jnp.float32)


def test_what_is_compiled_ahead_is_not_traced_again() -> None:
    guard = CompilationGuard("double", declared=1)
    ahead = Ahead(jax.jit(guard.watch(lambda x: 2 * x)))
    ahead.begin(SHAPE)
    ahead.begin(SHAPE)
    assert ahead(np.ones(3, np.float32)).tolist() == [2.0, 2.0, 2.0]
    assert guard.count == 1


def test_settings_of_the_calling_thread_hold_in_the_background() -> None:
    guard = CompilationGuard("double", declared=1)
    ahead = Ahead(jax.jit(guard.watch(lambda x: 2 * x)))
    with jax.numpy_dtype_promotion("strict"):
        ahead.begin(SHAPE)
        assert ahead(np.ones(3, np.float32)).tolist() == [2.0, 2.0, 2.0]
    assert guard.count == 1


def test_an_error_of_the_background_is_met_again_by_the_call() -> None:
    class Function:
        def lower(self, *shapes: object) -> "Function":
            return self

        def compile(self) -> None:
            raise RuntimeError("the compiler has no memory")

        def __call__(self, *args: object) -> None:
            raise RuntimeError("the call has no memory")

    ahead = Ahead(Function())
    ahead.begin(SHAPE)
    with pytest.raises(RuntimeError, match="the call has no memory"):
        ahead(np.ones(3, np.float32))


def test_waiting_for_the_background_counts_as_compilation_and_its_work_does_not() -> None:
    clock, released = CompileClock(), threading.Event()

    class Slow:
        def lower(self, *shapes: object) -> "Slow":
            return self

        def compile(self) -> None:
            released.wait(10)
            jax.jit(lambda x: x + 3)(1.0)

        def __call__(self, x: object) -> object:
            return x

    ahead = Ahead(Slow())
    ahead.begin(SHAPE)
    assert clock.seconds == 0.0
    threading.Timer(0.05, released.set).start()
    ahead(1)
    assert clock.seconds >= 0.04
    assert len(_intervals_since(clock)) == 1


def _intervals_since(clock: CompileClock) -> list[tuple[float, float]]:
    return [pair for pair in compile_clock._intervals if pair[1] > clock._since]


@pytest.mark.parametrize("parallel", ["jit", "pmap"])
def test_a_training_that_is_compiled_ahead_is_compiled_once(parallel: str) -> None:
    data = dl.load_data("xor")
    model = dl.models.mlp(1, hidden_sizes=(4,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    options = dl.TrainOptions(epochs=2, batch_size=4, validation=0.0)
    devices = 2 if parallel == "pmap" else 1
    layout = make_layout(parallel, devices=devices, batch_size=4)
    compiled = compile_recipe(recipe, data, options, layout)
    compiled.compile_ahead()
    training, _ = compiled.advance(compiled.start(None), 0, 1)
    assert int(layout.fetch(training.state.step)) == 1
    assert compiled.guard.count == 1
    assert set(compiled.evaluate(training.state, "test")) >= {"loss", "accuracy"}
