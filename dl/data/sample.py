"""Some examples of a part of the data, in forms that people can look at."""

from typing import Any, Literal, NamedTuple, TypeAlias, cast

import jax.numpy as jnp
import numpy as np

from dl.data.naming import shown, some_of
from dl.data.ratings.catalogue import Catalogue
from dl.data.sources.source import Source
from dl.data.sources.tokens import TokenSource
from dl.data.spec import DataSpec
from dl.data.split import permutation
from dl.errors import InputError
from dl.layers import spectra

Kind: TypeAlias = Literal["pictures", "texts", "numbers", "sequences"]
MOST = 64
"""How many examples can be looked at together."""
_LONGEST = 300
_RED, _YELLOW, _EMPTY = (200, 40, 40), (235, 190, 40), (225, 230, 240)


class Sample(NamedTuple):
    """Examples and their labels.

    Pictures are uint8 [H, W, 1] or [H, W, 3], numbers [D], sequences [T, D], texts are strings. A
    sound is the sequence of its log-mel energies. A stream of text has no labels: these are "".
    """

    kind: Kind
    examples: tuple[Any, ...]
    labels: tuple[str, ...]


def draw_sample(source: Source, spec: DataSpec, *, count: int, seed: int = 0) -> Sample:
    """Up to `count` examples of a part, chosen at random by `seed`.

    Raises:
        InputError: for a `count` that is not from 1 to 64.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"count is {count}; give a number of examples from 1 to {MOST}")
    if isinstance(source, TokenSource):
        texts = tuple(_segments(source, spec, count=count, seed=seed))
        return Sample("texts", texts, ("",) * len(texts))
    # The first examples would not do: the pictures of a folder are sorted by class.
    index = permutation(seed, len(source))[:count]
    batch = cast(Any, source).gather(index)  # only a stream has no examples to gather
    kind = _kind(spec)
    if spec.sample_rate:
        batch = _as_spectra(batch, spec.sample_rate)
    rows = [_cut(batch, place) for place in range(len(batch["targets"]))]
    targets = [_cut(batch, place, "targets") for place in range(len(batch["targets"]))]
    return Sample(
        kind,
        tuple(_drawn(rows, spec) if kind == "pictures" else (_plain(row, spec) for row in rows)),
        tuple(label_of(target, spec) for target in targets),
    )


def label_of(target: np.ndarray, spec: DataSpec) -> str:
    """What is said below an example: its class, its answers, or its numbers.

    >>> spec = DataSpec("gates", "binary", (2,), "float32", ("and", "or"), train_size=4)
    >>> label_of(np.array([0.0, 1.0]), spec), label_of(np.array([0.0, 0.0]), spec)
    ('or', 'none')
    """
    if spec.has_step_targets:
        return ""
    if spec.task == "retrieval":
        return shown(spec.ratings.titles[int(target)])
    if spec.kind.target_sequences:
        return _written(target, spec)
    if spec.kind.chooses:
        return shown(spec.class_names[int(target)])
    values = np.atleast_1d(target)
    if spec.task == "binary" and len(values) > 1:
        true = [name for name, value in zip(spec.class_names, values, strict=True) if value > 0.5]
        return shown(", ".join(true) or "none")
    return shown(", ".join(f"{value:.3g}" for value in values))


def _kind(spec: DataSpec) -> Kind:
    if spec.sample_rate:
        return "sequences"
    if spec.catalogue is not None:
        return "texts"
    if spec.has_symbols:
        return "texts" if spec.vocabulary is not None else "numbers"
    if len(spec.input_shape) == 3:
        return "pictures"
    return "numbers" if len(spec.input_shape) == 1 else "sequences"


def _segments(source: TokenSource, spec: DataSpec, *, count: int, seed: int) -> list[str]:
    """Pieces of a stream from random places."""
    starts = permutation(seed, max(1, len(source.tokens) - source.steps))[:count]
    return [spec.text.decode(source.tokens[at : at + source.steps])[:_LONGEST] for at in starts]


def _cut(batch: dict[str, np.ndarray], place: int, side: str = "inputs") -> np.ndarray:
    """One example, or its target, without the padding of a sequence."""
    row = batch[side][place]
    lengths = batch.get("lengths" if side == "inputs" else "target_lengths")
    return row if lengths is None else row[: lengths[place]]


def _written(target: np.ndarray, spec: DataSpec) -> str:
    """A sequence of targets as text, or as the names of its labels."""
    if spec.kind.predicts_symbols:
        return spec.text.sentence(target)[:_LONGEST]
    # The first class is the blank.
    return shown(" ".join(spec.class_names[int(label) + 1] for label in target))


def _as_spectra(batch: dict[str, np.ndarray], rate: int) -> dict[str, np.ndarray]:
    """Waveforms [B, N] as log-mel energies [B, F, 40], for all of them at once."""
    waveforms = jnp.asarray(batch["inputs"], jnp.float32) / 2**15
    energies = spectra.log_mel(waveforms, rate)
    size, step = (spectra.frame_samples(rate, ms) for ms in (spectra.FRAME_MS, spectra.STEP_MS))
    frames = np.asarray(spectra.frame_count(batch["lengths"], size, step))
    return {**batch, "inputs": np.asarray(energies), "lengths": frames}


def _plain(row: np.ndarray, spec: DataSpec) -> Any:
    if spec.catalogue is not None:
        return _rated(row, spec.catalogue)
    if spec.source_vocabulary is not None:
        return spec.source_vocabulary.sentence(row)[:_LONGEST]
    if spec.vocabulary is not None and spec.has_symbols:
        return spec.vocabulary.decode(row)[:_LONGEST]
    return row if row.ndim < 3 else row.reshape(len(row), -1)


def _drawn(rows: list[np.ndarray], spec: DataSpec) -> list[np.ndarray]:
    """Pictures, or planes of a board, as pixels."""
    return _boards(rows) if spec.game else _pixels(rows)


def _boards(positions: list[np.ndarray]) -> list[np.ndarray]:
    """Boards as colours: stones of the player to move are red, the other's are yellow."""
    own, other = ([planes[..., side, None] > 0 for planes in positions] for side in (0, 1))
    return [
        np.where(mine, _RED, np.where(yours, _YELLOW, _EMPTY)).astype(np.uint8)
        for mine, yours in zip(own, other, strict=True)
    ]


def _rated(row: np.ndarray, catalogue: Catalogue) -> str:
    """A user and an item, or of a history some of the items."""
    if row.dtype.kind == "f":
        return some_of([catalogue.titles[place] for place in np.flatnonzero(row)])
    user, item = row
    return f"user {catalogue.users[user]}: {catalogue.titles[item]}"


def _pixels(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Pictures as bytes; numbers of any scale from black, their lowest, to white."""
    low, high = min(map(np.min, pictures)), max(map(np.max, pictures))
    channels = 3 if pictures[0].shape[-1] >= 3 else 1
    return [
        picture[..., :channels]
        if picture.dtype == np.uint8
        else (255 * (picture[..., :channels] - low) / ((high - low) or 1)).astype(np.uint8)
        for picture in pictures
    ]
