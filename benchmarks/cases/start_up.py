"""From the start of a fresh process to the end of the first LeNet training step.

"dl" finds its compiled programs in JAX's compilation cache, "dl cold cache" starts with an empty
cache; the other systems have no cache.
"""

import sys
import tempfile
from functools import partial
from statistics import median

from benchmarks.measure import Measurement
from benchmarks.networks import lenet
from benchmarks.pictures import make_batch
from benchmarks.processes import UNCACHED, cached_in, seconds_to_done
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch

UNIT = "s"
seconds_to_first_step = partial(seconds_to_done, "benchmarks.cases.start_up")


def with_dl(quick: bool) -> Measurement:
    with tempfile.TemporaryDirectory() as cache:
        settings = cached_in(cache)
        seconds_to_first_step("dl", **settings)  # fills the cache
        return _median(quick, lambda: seconds_to_first_step("dl", **settings))


def with_dl_cold_cache(quick: bool) -> Measurement:
    def once() -> float:
        with tempfile.TemporaryDirectory() as cache:
            return seconds_to_first_step("dl", **cached_in(cache))

    return _median(quick, once)


def with_torch(quick: bool) -> Measurement:
    return _median(quick, lambda: seconds_to_first_step("torch"))


def with_keras(quick: bool) -> Measurement:
    return _median(quick, lambda: seconds_to_first_step("keras", **UNCACHED))


def with_flax(quick: bool) -> Measurement:
    return _median(quick, lambda: seconds_to_first_step("flax", **UNCACHED))


SYSTEMS = {
    "dl": with_dl,
    "dl cold cache": with_dl_cold_cache,
    "torch": with_torch,
    "keras": with_keras,
    "flax": with_flax,
}


def _median(quick: bool, once) -> Measurement:
    return Measurement(median(once() for _ in range(1 if quick else 3)))


def make_first_step(system: str) -> None:
    """One training step of LeNet in this process."""
    batch = make_batch()
    if system == "dl":
        on_dl.python_loop(lenet.dl_recipe(), *batch, steps=1)()
    elif system == "torch":
        on_torch.steps_workload(lenet.torch_network(), lenet.torch_optimizer, *batch, steps=1).run()
    elif system == "keras":
        on_keras.steps_workload(
            lenet.keras_network(), lenet.keras_optimizer(), *batch, steps=1
        ).run()
    else:
        on_flax.steps_workload(lenet.flax_network(), lenet.flax_optimizer(), *batch, steps=1).run()


if __name__ == "__main__":
    from benchmarks.worker import set_up

    set_up(sys.argv[1])
    make_first_step(sys.argv[1])
    print("done", flush=True)
