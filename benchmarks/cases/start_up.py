"""From the start of a fresh process to the end of the first LeNet training step.

"dl" finds its compiled programs in JAX's compilation cache, "dl cold cache" starts with an empty
cache; the other systems have no cache.
"""

import subprocess
import sys
import tempfile
import time
from statistics import median

from benchmarks.measure import Measurement
from benchmarks.networks import lenet
from benchmarks.pictures import make_batch
from benchmarks.processes import environment
from benchmarks.systems import on_dl, on_flax, on_keras, on_torch
from dl.errors import RunError

UNIT = "s"


def with_dl(quick: bool) -> Measurement:
    with tempfile.TemporaryDirectory() as cache:
        settings = _cached_in(cache)
        seconds_to_first_step("dl", **settings)  # fills the cache
        return _median(quick, lambda: seconds_to_first_step("dl", **settings))


def with_dl_cold_cache(quick: bool) -> Measurement:
    def once() -> float:
        with tempfile.TemporaryDirectory() as cache:
            return seconds_to_first_step("dl", **_cached_in(cache))

    return _median(quick, once)


def with_torch(quick: bool) -> Measurement:
    return _median(quick, lambda: seconds_to_first_step("torch"))


def with_keras(quick: bool) -> Measurement:
    return _median(quick, lambda: seconds_to_first_step("keras", **_UNCACHED))


def with_flax(quick: bool) -> Measurement:
    return _median(quick, lambda: seconds_to_first_step("flax", **_UNCACHED))


SYSTEMS = {
    "dl": with_dl,
    "dl cold cache": with_dl_cold_cache,
    "torch": with_torch,
    "keras": with_keras,
    "flax": with_flax,
}
_UNCACHED = {"JAX_ENABLE_COMPILATION_CACHE": "false"}


def _cached_in(folder: str) -> dict[str, str]:
    return {
        "JAX_ENABLE_COMPILATION_CACHE": "true",
        "JAX_COMPILATION_CACHE_DIR": folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


def _median(quick: bool, once) -> Measurement:
    return Measurement(median(once() for _ in range(1 if quick else 3)))


def seconds_to_first_step(system: str, **settings: str) -> float:
    """Seconds until a new process on `system` reports its first step; its exit is not timed."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.cases.start_up", system]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=environment(**settings)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        seconds = time.perf_counter() - start
        complaints = process.stderr.read().strip().splitlines()
    if said.strip() != "done":
        raise RunError(complaints[-1] if complaints else f"{system} did not make its step")
    return seconds


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
