"""From the start of a fresh process to the end of LeNet's first epoch, with no compiled program.

The epoch has 40 steps of 32 on 1,280 generated pictures, data order included, no evaluation. "dl"
is `dl.fit`, the others are what `lenet_epoch` times. No system has a compilation cache.
"""

import sys
from functools import partial
from statistics import median

from benchmarks.measure import Measurement
from benchmarks.networks import lenet
from benchmarks.pictures import make_pictures
from benchmarks.processes import UNCACHED, seconds_to_done
from benchmarks.systems import on_flax, on_keras, on_torch

UNIT = "s"
EXAMPLES, BATCH = 1_280, 32


def _measure(system: str, quick: bool) -> Measurement:
    times = [
        seconds_to_done("benchmarks.cases.cold_start", system, **UNCACHED)
        for _ in range(1 if quick else 3)
    ]
    return Measurement(median(times))


SYSTEMS = {name: partial(_measure, name) for name in ("dl", "torch", "keras", "flax")}


def train_first_epoch(system: str) -> None:
    """The first epoch, in this process."""
    pictures, labels = make_pictures(EXAMPLES)
    if system == "dl":
        _fit(pictures, labels)
        return
    module, network, optimizer = {
        "torch": lambda: (on_torch, lenet.torch_network(), lenet.torch_optimizer),
        "keras": lambda: (on_keras, lenet.keras_network(), lenet.keras_optimizer()),
        "flax": lambda: (on_flax, lenet.flax_network(), lenet.flax_optimizer()),
    }[system]()
    module.epoch_workload(network, optimizer, pictures, labels, batch_size=BATCH).run()


def _fit(pictures, labels) -> None:
    import dl

    data = dl.make_dataset(pictures, labels, validation=0.0)
    options = dl.TrainOptions(epochs=1, batch_size=BATCH, validation=0.0)
    dl.fit(lenet.dl_recipe(), data, options, progress=False)


if __name__ == "__main__":
    from benchmarks.worker import set_up

    set_up(sys.argv[1])
    train_first_epoch(sys.argv[1])
    print("done", flush=True)
