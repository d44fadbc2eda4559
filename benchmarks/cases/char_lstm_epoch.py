"""The character LSTM of `char_lstm_step`, an epoch over a text with carried state and records.

64 lanes of a stream are read 64 symbols at a time; a segment starts with the final state of the
segment before it. "dl" is the loop of the runner, "dl step alone" is `char_lstm_step` on a resident
batch, PyTorch is a plain loop.
"""

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.cases import char_lstm_step
from benchmarks.cases.char_lstm_step import BATCH, RATE, STEPS, SYMBOLS
from benchmarks.measure import Workload
from benchmarks.systems import on_dl, on_torch

if TYPE_CHECKING:
    from dl.data.dataset import Dataset

UNIT = "tokens/s"


def with_dl(quick: bool) -> Workload:
    from dl import TrainOptions

    options = TrainOptions(epochs=1, batch_size=BATCH, validation=0.0)
    return _tokens(
        on_dl.training_workload(char_lstm_step.dl_recipe(), _dl_data(_text(quick)), options)
    )


def with_torch(quick: bool) -> Workload:
    import torch
    from torch.nn.functional import cross_entropy

    device = on_torch.set_up()
    network = char_lstm_step.torch_network().to(device)
    descent = torch.optim.Adam(network.parameters(), lr=RATE)
    steps = _steps(quick)
    lanes = torch.from_numpy(_text(quick)[: BATCH * steps * STEPS + 1]).long().to(device)

    def run() -> None:
        total, carry = torch.zeros((), device=device), None
        for number in range(steps):
            starts = (torch.arange(BATCH, device=device) * steps + number) * STEPS
            places = starts[:, None] + torch.arange(STEPS, device=device)
            descent.zero_grad()
            hidden, carry = network.lstm(
                torch.nn.functional.one_hot(lanes[places], SYMBOLS).float(), carry
            )
            loss = cross_entropy(network.output(hidden).flatten(0, -2), lanes[places + 1].flatten())
            loss.backward()
            descent.step()
            carry, total = tuple(part.detach() for part in carry), total + loss.detach()
        on_torch.synchronize()

    return Workload(run, steps * BATCH * STEPS)


SYSTEMS = {"dl": with_dl, "dl step alone": char_lstm_step.with_dl, "torch": with_torch}


def _dl_data(tokens: np.ndarray) -> "Dataset":
    from dl.data.readers.streams import stream_of_text
    from dl.data.text.reading import Reading

    symbols = [chr(ord("!") + number) for number in range(SYMBOLS - 1)]
    text = "".join(symbols[number] for number in tokens)
    return stream_of_text(
        "generated", text, None, text[: 2 * STEPS], reading=Reading(segment=STEPS)
    )


def _steps(quick: bool) -> int:
    return 2 if quick else 60


def _text(quick: bool) -> np.ndarray:
    """The symbols of all steps and one more segment, since an epoch starts anywhere in the first.

    One number is reserved for unknown symbols.
    """
    return np.random.default_rng(0).integers(
        0, SYMBOLS - 1, (_steps(quick) * BATCH + 2) * STEPS, dtype=np.uint8
    )


def _tokens(workload: Workload) -> Workload:
    return Workload(workload.run, workload.amount * STEPS, workload.note)
