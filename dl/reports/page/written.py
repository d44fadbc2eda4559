"""What a model writes for some examples of a run: translations, captions, transcripts."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dl.assess.labels import label_errors
from dl.assess.translation import sentence_scores
from dl.data.dataset import Dataset
from dl.data.sources.captions import CaptionSource
from dl.data.sources.pairs import PairSource
from dl.errors import InputError
from dl.layers import spectra
from dl.runs.caption import Caption, caption
from dl.runs.trained import Trained
from dl.runs.transcribe import Transcript, transcribe
from dl.runs.translate import Translation, pairs_of, translate

WRITTEN, DRAWN = 24, 3
"""For so many examples of a part, spread evenly over it, the model writes; so many are drawn."""


class Translations(NamedTuple):
    """Sentences with their references and translations; `scores` are chrF, if it can be had."""

    sources: Sequence[str]
    references: Sequence[str]
    translations: Sequence[Translation]
    scores: Sequence[float] | None


class Captions(NamedTuple):
    """Pictures uint8 [H, W, C] with what people say of each and what the model says."""

    pictures: Sequence[Any]
    references: Sequence[Sequence[str]]
    captions: Sequence[Caption]


class Transcripts(NamedTuple):
    """The labels of recordings, and what the model hears.

    `energies` are the log-mel energies [F, M] of a few of them, by number. `rates` are the label
    errors of each, `labels` all labels by number.
    """

    energies: dict[int, np.ndarray]
    said: Sequence[str]
    heard: Sequence[Transcript]
    rates: Sequence[float]
    labels: Sequence[str]


Written: TypeAlias = Translations | Captions | Transcripts


def written_on(trained: Trained, data: Dataset, part: str) -> Written | None:
    """What the model writes for `WRITTEN` examples of a part; None if it writes no sequences.

    Raises:
        InputError: when there is no such part.
    """
    if not data.spec.kind.target_sequences:
        return None
    net, source = trained.members[0], data.part(part)
    if isinstance(source, CaptionSource):
        return _captions(net, source)
    if data.spec.source_vocabulary is not None:
        return _translations(net, data, part)
    if isinstance(source, PairSource) and data.spec.task == "transcription":
        return _transcripts(net, source)
    return None


def _translations(net: Trained, data: Dataset, part: str) -> Translations:
    pairs = pairs_of(data, part)
    chosen = [pairs[place] for place in _spread(len(pairs))]
    sources, references = zip(*chosen, strict=True)
    best = translate(net, sources, beam=_beam(net, 5), batch_size=8)
    translations = [found[0] for found in best]
    texts = [one.text for one in translations]
    lower = data.spec.text.lower
    scores = _or_none(lambda: sentence_scores(texts, references, lower=lower))
    return Translations(sources, references, translations, scores)


def _captions(net: Trained, source: CaptionSource) -> Captions:
    places = _spread(len(source.pictures))
    pictures = source.pictures[places]
    best = caption(net, pictures, beam=_beam(net, 1), batch_size=len(places))
    references = [source.references[place] if source.references else () for place in places]
    return Captions(list(pictures), references, [found[0] for found in best])


def _transcripts(net: Trained, source: PairSource) -> Transcripts:
    spec = net.spec
    names = spec.text.symbols
    places = _spread(len(source))
    sounds = [source.inputs[place][: source.lengths[place]] for place in places]
    heard = transcribe(net, sounds)
    targets = [source.targets[place][: source.target_lengths[place]].tolist() for place in places]
    said = [[names[label] for label in labels] for labels in targets]
    rates = [
        label_errors([list(map(names.index, right))], [list(map(names.index, one.labels))]).rate
        for right, one in zip(said, heard, strict=True)
    ]
    count = min(DRAWN, len(sounds))
    energies = {
        number: np.asarray(spectra.log_mel(sounds[number] / np.float32(2**15), spec.sample_rate))
        for number in ((2 * place + 1) * len(sounds) // (2 * count) for place in range(count))
    }
    return Transcripts(energies, [" ".join(one) for one in said], heard, rates, names)


def _spread(count: int) -> list[int]:
    """At most `WRITTEN` numbers below `count`, evenly spread.

    >>> _spread(2), len(_spread(1000))
    ([0, 1], 24)
    """
    return np.linspace(0, count - 1, min(WRITTEN, count)).round().astype(int).tolist()


def _beam(net: Trained, otherwise: int) -> int:
    """The beam with which the experiment measures, if it has one."""
    beam = getattr(net.options, "beam", otherwise)
    return beam if isinstance(beam, int) and beam >= 1 else otherwise


def _or_none(compute: Callable[[], list[float]]) -> list[float] | None:
    """The scores, or None where the package that computes them is not installed."""
    try:
        return compute()
    except InputError:
        return None
