"""Texts written by an encoder-decoder that reads texts: translations, and how good they are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dl.assess.translation import TranslationScores, translation_scores
from dl.data.dataset import Dataset
from dl.data.sources.pairs import PairSource
from dl.data.spec import DataSpec
from dl.data.text.vocabulary import END, UNKNOWN
from dl.decoding import Written, decode
from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.runs.experiment import Measured
from dl.runs.trained import Trained
from dl.screen import say
from dl.train.network import Network
from dl.types import EncoderDecoder, Ragged

_FEWEST_SYMBOLS = 200
"""No source of so few symbols is cut, however short those of the training were."""


class Translation(NamedTuple):
    """A translation, its score, and how much was looked at each symbol of the source for it.

    `score` is the log-probability divided by the length penalty. `attention` [L, S] has a row for
    each of the `symbols` and a column for each of `source`, and no column without attention.
    """

    text: str
    score: float
    symbols: tuple[str, ...]
    source: tuple[str, ...]
    attention: np.ndarray


class TranslatedPart(NamedTuple):
    """The best translation of each source of a part, beside its reference."""

    sources: tuple[str, ...]
    references: tuple[str, ...]
    translations: tuple[Translation, ...]
    scores: TranslationScores


def translate(
    trained: Trained | Network,
    texts: Sequence[str],
    *,
    beam: int = 5,
    n_best: int = 1,
    length_penalty: float = 1.0,
    temperature: float = 0.0,
    seed: int = 0,
    batch_size: int = 64,
) -> list[list[Translation]]:
    """For each text its `n_best` translations, the best first, in the order of the texts.

    A beam search keeps `beam` beginnings at every step; 1 always takes the likeliest symbol.
    `length_penalty` is α of `dl.decoding.length_penalty`: higher values write longer sentences. At
    a `temperature` above 0 one translation is drawn instead, another one for another `seed`. A word
    that is written as unknown becomes the word of the source that was looked at most. The
    translation of a blank text is blank.

    Raises:
        InputError: for a model that does not write texts from texts, a text in the place of a list,
            and numbers out of range.
    """
    if isinstance(texts, str):
        raise InputError("texts is a text, not a list: give [text], and take the first answer")
    network = trained.network
    model, spec = _reads_and_writes(network)
    drawn = temperature != 0
    check_number("n_best", n_best, Range(at_least=1, at_most=1 if drawn else beam), whole=True)
    filled = [place for place, text in enumerate(texts) if text.strip()]
    found = [[_blank()] * n_best for _ in texts]
    if not filled:
        return found
    source = _encoded([texts[place] for place in filled], network)
    written = decode(
        model,
        network.params,
        network.model_state,
        source,
        end=spec.text.end,
        beam=1 if drawn else beam,
        alpha=length_penalty,
        temperature=temperature,
        seed=seed,
        batch_size=batch_size if len(filled) > 1 else 1,
        precision=network.precision,
    )
    for place, length, best in zip(filled, source.lengths, written, strict=True):
        symbols = _symbols_of(texts[place], spec, int(length))
        found[place] = [_translation(one, symbols, spec) for one in best[:n_best]]
    return found


def translate_part(
    trained: Trained | Network,
    data: Dataset,
    part: str = "test",
    *,
    beam: int = 5,
    length_penalty: float = 1.0,
    batch_size: int = 64,
) -> TranslatedPart:
    """The translation of every source of a part of `data`, with BLEU and chrF over all of them.

    Raises:
        InputError: when there is no such part, for data that are no pairs of texts, and when
            sacreBLEU is not installed.
    """
    pairs = pairs_of(data, part)
    sources, references = zip(*pairs, strict=True)
    best = translate(
        trained, sources, beam=beam, length_penalty=length_penalty, batch_size=batch_size
    )
    translations = tuple(found[0] for found in best)
    scores = translation_scores(
        [one.text for one in translations], references, lower=data.spec.text.lower
    )
    return TranslatedPart(sources, references, translations, scores)


def evaluate_translation(
    trained: Trained | Network,
    data: Dataset,
    *,
    parts: Sequence[str] = ("validation", "test"),
    beam: int = 5,
    length_penalty: float = 1.0,
) -> Measured:
    """BLEU and chrF of each of the `parts` that there is, with sacreBLEU's signatures."""
    figures, signatures = {}, {}
    for part in parts:
        if part in data.sizes:
            how = {"beam": beam, "length_penalty": length_penalty}
            scores = translate_part(trained, data, part, **how).scores
            figures[part], signatures = scores.figures, scores.signatures
    return Measured(figures, signatures)


def pairs_of(data: Dataset, part: str) -> tuple[tuple[str, str], ...]:
    """The texts of a part, or where they were not kept what the symbols say.

    Raises:
        InputError: when there is no such part, and for data that are no pairs of texts.
    """
    source, spec = data.part(part), data.spec
    if not isinstance(source, PairSource) or spec.source_vocabulary is None:
        raise InputError(f"{spec.name} has no translations to compare with: give pairs:PATH")
    if source.texts:
        return source.texts
    sides = (spec.source_text, source.inputs), (spec.text, source.targets)
    read, wrote = ([symbols.sentence(row) for row in rows] for symbols, rows in sides)
    return tuple(zip(read, wrote, strict=True))


def _reads_and_writes(network: Network) -> tuple[EncoderDecoder, DataSpec]:
    spec, model = network.described, network.model
    if spec.source_vocabulary is None or not isinstance(model, EncoderDecoder):
        raise InputError(
            f"{model.name} was trained on {spec.name} (task: {spec.task}) and translates nothing: "
            "give the run of a translation, such as attention_translation"
        )
    return model, spec


def _encoded(texts: Sequence[str], network: Network) -> Ragged:
    """The symbols of texts, each with its end; those that are far too long are cut."""
    spec = network.described
    vocabulary = spec.source_text
    unknown = network.reading.unknown if network.reading else "replace"
    most = max(_FEWEST_SYMBOLS, 2 * spec.input_shape[0]) - 1
    rows = [vocabulary.encode(text, unknown=unknown) for text in texts]
    cut = sum(len(row) > most for row in rows)
    if cut:
        say(f"cut {cut:,} of {len(rows):,} texts at {most:,} symbols: give sentences")
    rows = [np.append(row[:most], vocabulary.end) for row in rows]
    lengths = np.array([len(row) for row in rows], np.int32)
    values = np.zeros((len(rows), lengths.max()), np.int32)
    for row, symbols in zip(values, rows, strict=True):
        row[: len(symbols)] = symbols
    return Ragged(values, lengths)


def _symbols_of(text: str, spec: DataSpec, length: int) -> tuple[str, ...]:
    """What the model reads of a text, with its end, as it stands in the text."""
    return (*spec.source_text.split(text)[: length - 1], END)


def _translation(written: Written, source: tuple[str, ...], spec: DataSpec) -> Translation:
    attention = written.weights[:, : len(source)]
    symbols = spec.text.symbols_of(written.symbols)
    if UNKNOWN in symbols and attention.shape[1] > 1:
        looked = attention[:, :-1].argmax(axis=1)  # never at the end
        symbols = [
            source[place] if symbol == UNKNOWN else symbol
            for symbol, place in zip(symbols, looked, strict=False)
        ]
    text = spec.text.join("�" if symbol == UNKNOWN else symbol for symbol in symbols)
    ended = [END] if len(attention) > len(symbols) else []
    return Translation(text, written.score, (*symbols, *ended), source, attention)


def _blank() -> Translation:
    return Translation("", 0.0, (), (), np.zeros((0, 0), np.float32))
