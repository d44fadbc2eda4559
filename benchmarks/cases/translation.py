"""Translation with attention, a training on sentences of 5 to 40 symbols, batches of 64.

A bidirectional LSTM and an LSTM with additive attention and input feeding, 256 units each, tied
output weights; cross-entropy, Adam at rate 0.001. Both systems read the same batches of sentences
of similar lengths, which are put together in the timed loop. `dl` pads them to one of a few widths,
PyTorch to the longest of a batch, and packs them for the encoder.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Workload
from benchmarks.networks.translation import torch_network
from benchmarks.systems import on_dl, on_torch

if TYPE_CHECKING:
    from dl import Recipe
    from dl.data.dataset import Dataset

UNIT = "pairs/s"
SYMBOLS, SIZE, BATCH, RATE = 8_000, 256, 64, 1e-3
END = 0


def with_dl(quick: bool) -> Workload:
    from dl import TrainOptions

    options = TrainOptions(epochs=1, batch_size=BATCH, validation=0.0)
    return on_dl.training_workload(dl_recipe(), dl_data(quick), options)


def with_torch(quick: bool) -> Workload:
    import torch

    device = on_torch.set_up()
    network = torch_network(SYMBOLS, SIZE).to(device)
    descent = torch.optim.Adam(network.parameters(), lr=RATE)
    source: Any = dl_data(quick).train
    sides = [
        [torch.from_numpy(row[:length]).long() for row, length in zip(rows, lengths, strict=True)]
        for rows, lengths in (
            (source.inputs, source.lengths),
            (source.targets, source.target_lengths),
        )
    ]
    steps = len(source) // BATCH
    calls = source.train_calls(seed=0, batch_size=BATCH, total_steps=steps)

    def run() -> None:
        total = torch.zeros((), device=device)
        for _, call in calls(0, steps):
            for index in call.index:
                sources, lengths, targets = _torch_batch(sides, index)
                total += _torch_step(
                    network, descent, sources.to(device), lengths, targets.to(device)
                )
        on_torch.synchronize()

    return Workload(run, steps * BATCH)


SYSTEMS = {"dl": with_dl, "torch": with_torch}


def dl_recipe() -> "Recipe":
    """The library's encoder-decoder and its objective."""
    from dl import Recipe, models, objectives, optimizers

    encoder = models.text_encoder(SYMBOLS, kind="lstm", hidden_size=SIZE, embedding_size=SIZE)
    model = models.encoder_decoder(
        encoder, SYMBOLS, kind="lstm", hidden_size=SIZE, embedding_size=SIZE, tied=True
    )
    return Recipe(model, objectives.next_symbol(model), optimizers.adam(RATE))


def dl_data(quick: bool) -> "Dataset":
    """Random pairs whose lengths are like those of picture captions: 13 symbols or so."""
    from dl.data.parts import dataset_of_pairs
    from dl.data.sources.pairs import pair_source
    from dl.data.text.vocabulary import Vocabulary

    random = np.random.default_rng(0)
    pairs = BATCH * (2 if quick else 40)
    lengths = np.clip(random.lognormal(np.log(13), 0.35, pairs), 5, 40)
    both = [lengths, np.clip(lengths * random.lognormal(0, 0.12, pairs), 5, 40)]
    inputs, targets = (
        [random.integers(1, SYMBOLS, int(length), dtype=np.int32) for length in side]
        for side in both
    )
    train = pair_source(inputs, targets, end=END)
    words = Vocabulary("word", ("<end>", *map(str, range(1, SYMBOLS))))
    return dataset_of_pairs(
        "generated", train, None, train, vocabulary=words, source_vocabulary=words
    )


def _torch_batch(sides: list[list[Any]], index: np.ndarray) -> tuple[Any, Any, Any]:
    """Sources, their lengths, and targets, padded to the longest; −1 stands behind targets."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    sources, targets = ([side[place] for place in index] for side in sides)
    lengths = torch.tensor([len(source) for source in sources])
    return (
        pad_sequence(sources, batch_first=True),
        lengths,
        pad_sequence(targets, batch_first=True, padding_value=-1),
    )


def _torch_step(network: Any, descent: Any, source: Any, lengths: Any, targets: Any) -> Any:
    import torch
    from torch.nn.functional import cross_entropy

    previous = torch.cat([torch.full_like(targets[:, :1], END), targets[:, :-1]], dim=1)
    descent.zero_grad()
    logits = network(source, lengths, previous.clamp(min=0))
    loss = cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)
    loss.backward()
    descent.step()
    return loss.detach()
