"""Captions that a trained captioner writes, with what it looked at."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.gather import normalize
from dl.data.raw_inputs import as_raw
from dl.data.readers.captioned import tidy_caption
from dl.data.sources.captions import CaptionSource
from dl.decoding.decode import Written, decode
from dl.errors import InputError
from dl.models.captioner import map_shape
from dl.runs.trained import Trained
from dl.train.network import Network
from dl.types import EncoderDecoder

_MOST_HALVINGS = 10


class Caption(NamedTuple):
    """A caption of a picture: its text, its score, and where the net looked at each word.

    `score` is log p, divided by a penalty for short captions. `words` are those of the text and the
    end, if it was reached; `attention` [words, h, w] sums to 1 for each word. It has no places
    where the model has no attention.
    """

    text: str
    score: float
    words: tuple[str, ...]
    attention: np.ndarray


def caption(
    trained: Trained | Network,
    pictures: np.ndarray,
    *,
    beam: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    longest: int = 0,
    batch_size: int = 32,
) -> list[list[Caption]]:
    """The `beam` best captions of each picture uint8 [B, H, W, C], the best first.

    With a `temperature` above 0 one caption is drawn for each picture. A caption has at most
    `longest` words; 0 allows as many as the longest that the model learned from.

    Raises:
        InputError: for a model that is no captioner, pictures of another shape or type than it
            takes, and numbers out of range.
    """
    network = trained.network
    spec, model = network.described, network.model
    if not isinstance(model, EncoderDecoder) or len(spec.input_shape) != 3:
        raise InputError(
            f"{model.name} was trained on {spec.name} (task: {spec.task}) and describes no "
            "pictures: give a run of attention_captions, or of a captioner of your own"
        )
    ready = normalize(jnp.asarray(as_raw(pictures, spec)), spec)
    found = decode(
        model,
        network.params,
        network.model_state,
        np.asarray(ready),
        end=spec.text.end,
        longest=longest or spec.longest_target,
        beam=beam,
        temperature=temperature,
        seed=seed,
        batch_size=batch_size,
        precision=network.precision,
    )
    return [[_as_caption(one, spec) for one in best] for best in found]


def caption_part(
    trained: Trained | Network, data: Dataset, part: str, *, beam: int = 1
) -> tuple[list[str], list[tuple[str, ...]]]:
    """The best caption of each picture of a part, and the captions that people gave it.

    Words have blanks between them, in both, as `dl.assess.bleu` and `cider` take them.

    Raises:
        InputError: as `caption`; when there is no such part, or its pictures have no captions.
    """
    source = data.part(part)
    if not isinstance(source, CaptionSource) or not source.references:
        raise InputError(
            f"{data.spec.name} has no captions: give scenes:SET, captions:PATH or coco_captions"
        )
    found = caption(trained, source.pictures, beam=beam)
    texts = [tidy_caption(best[0].text) for best in found]
    return texts, [tuple(map(tidy_caption, own)) for own in source.references]


def _as_caption(written: Written, spec: DataSpec) -> Caption:
    vocabulary = spec.text
    words = tuple(vocabulary.decode([symbol]) for symbol in written.symbols)
    ended = len(written.weights) > len(words)
    shape = _places(written.weights.shape[1], spec)
    return Caption(
        vocabulary.sentence(written.symbols),
        written.score,
        (*words, vocabulary.symbols[vocabulary.end]) if ended else words,
        written.weights.reshape(len(written.weights), *shape),
    )


def _places(count: int, spec: DataSpec) -> tuple[int, int]:
    """Height and width of the map that has so many places; one row if no halving gives it."""
    height, width, _ = spec.input_shape
    for stages in range(_MOST_HALVINGS if count else 0):
        rows, columns = map_shape(height, width, stages)
        if rows * columns == count:
            return rows, columns
    return (1, count) if count else (0, 0)
