"""A stream of text as batches: 64 lanes of a text of a million characters, 64 at a time; no net.

"dl" and PyTorch have the symbols on the device and give inputs and targets; "dl reading" makes
symbols from the text and the vocabulary from its characters.
"""

from typing import Any

import numpy as np

from benchmarks.measure import Workload
from benchmarks.systems import batches, on_torch

UNIT = "characters/s"
LENGTH, FEW, BATCH, STEPS, SYMBOLS = 1_000_000, 200_000, 64, 64, 64


def with_dl(quick: bool) -> Workload:
    workload = batches.dl_workload(_load(_text(quick)), batch_size=BATCH)
    return Workload(workload.run, workload.amount * STEPS)


def with_dl_reading(quick: bool) -> Workload:
    text = _text(quick)
    return batches.reading_workload(lambda: _load(text), len(text))


def with_torch(quick: bool) -> Workload:
    import torch

    device = on_torch.set_up()
    text = torch.from_numpy(_symbols(quick)).to(device)
    steps = (len(text) - 1) // (BATCH * STEPS)
    lanes = torch.arange(BATCH, device=device)[:, None] * steps * STEPS
    within = torch.arange(STEPS, device=device)

    def run() -> float:
        total = torch.zeros((), device=device)
        for number in range(steps):
            places = lanes + number * STEPS + within
            total += text[places].long().sum() + text[places + 1].long().sum()
        return float(total)

    return Workload(run, steps * BATCH * STEPS, "indexed in a loop")


SYSTEMS = {"dl": with_dl, "dl reading": with_dl_reading, "torch": with_torch}


def _load(text: str) -> Any:
    from dl.data.readers.streams import stream_of_text
    from dl.data.text.reading import Reading

    return stream_of_text(
        "generated", text, None, text[: 2 * STEPS], reading=Reading(segment=STEPS)
    )


def _text(quick: bool) -> str:
    return (_symbols(quick) + ord("!")).tobytes().decode("ascii")


def _symbols(quick: bool) -> np.ndarray:
    return np.random.default_rng(0).integers(0, SYMBOLS, FEW if quick else LENGTH, dtype=np.uint8)
