"""Programs that a run's model writes, beside held-out real ones and those of an n-gram model (H3)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dl import ngram
from dl.data.dataset import Dataset, Part
from dl.data.split import permutation
from dl.data.tokens import TokenSource
from dl.data.vocabulary import Vocabulary
from dl.errors import InputError
from dl.inspect.c_compiler import find_judge
from dl.inspect.program_report import ProgramReport, report
from dl.inspect.programs import make_corpus
from dl.runs.folder import open_folder
from dl.runs.generate import generate_documents
from dl.runs.load import load
from dl.runs.setup import check_same_data, open_data


@dataclass(frozen=True)
class Asked:
    """How many programs to draw, how, and how hard to try to mend them."""

    count: int = 100
    temperature: float = 0.5
    longest: int = 1500
    order: int = 12
    seed: int = 0
    repair_calls: int = 400

    def __post_init__(self) -> None:
        for name in ("count", "longest", "order"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; it must be at least 1")


def report_on_run(run: str, asked: Asked) -> dict[str, ProgramReport]:
    """The reports on the run's model, on an n-gram model of its training part, and on programs of its test part.

    Raises:
        InputError: when the run is no language model of documents, or there is no judge of C programs.
        RunError: when its data have changed.
    """
    loaded, judge = load(run), find_judge()
    folder, config = open_folder(run)
    data = open_data(config.options)
    check_same_data(folder, data)
    vocabulary = loaded.spec.text
    known = read_documents(data.train, vocabulary)
    drawn = {
        config.experiment.name: generate_documents(
            loaded, asked.count, longest=asked.longest, temperature=asked.temperature, seed=asked.seed
        ),
        f"{asked.order}-gram": _of_ngram(data, vocabulary, asked),
        "held out": _held_out(data, vocabulary, asked),
    }
    corpus = make_corpus(known)
    return {name: report(texts, corpus, judge=judge, repair_calls=asked.repair_calls) for name, texts in drawn.items()}


def read_documents(part: Part, vocabulary: Vocabulary) -> list[str]:
    """The documents of a stream, without the ends between them.

    >>> vocabulary = Vocabulary("char", ("a", "b", "<end>"))
    >>> read_documents(TokenSource(np.array([2, 0, 2, 1, 0, 2]), steps=1), vocabulary)
    ['a', 'ba']

    Raises:
        InputError: for a part that is not a stream of documents.
    """
    if not isinstance(part, TokenSource):
        raise InputError("programs come as a stream of documents: give --dataset jsonl:PATH")
    ends = np.flatnonzero(part.tokens == vocabulary.end)
    return [vocabulary.decode(part.tokens[first + 1 : last]) for first, last in pairwise(ends) if last > first + 1]


def _of_ngram(data: Dataset, vocabulary: Vocabulary, asked: Asked) -> list[str]:
    assert isinstance(data.train, TokenSource)
    model = ngram.fit(data.train.tokens, order=asked.order, symbols=len(vocabulary))
    prime = np.array([vocabulary.end])
    texts = []
    for number in range(asked.count):
        seed = asked.seed * asked.count + number
        drawn = ngram.sample(model, prime, length=asked.longest, temperature=asked.temperature, seed=seed)
        ends = np.flatnonzero(drawn == vocabulary.end)
        texts.append(vocabulary.decode(drawn[: ends[0]] if len(ends) else drawn))
    return texts


def _held_out(data: Dataset, vocabulary: Vocabulary, asked: Asked) -> list[str]:
    texts = read_documents(data.test, vocabulary)
    return [texts[place] for place in permutation(asked.seed, len(texts))[: asked.count]]
