"""Programs of a run's model, compared with an n-gram model's and held-out real ones (H3)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np

from dl import ngram
from dl.c_programs.compiler import find_judge
from dl.c_programs.distances import check_installed
from dl.c_programs.nearest import Corpus, make_corpus
from dl.c_programs.report import ProgramReport, as_json, report_on
from dl.c_programs.verdict import Judge
from dl.data.dataset import Dataset
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.source import Source
from dl.data.sources.tokens import TokenSource
from dl.data.split import permutation
from dl.data.text.vocabulary import END, Vocabulary
from dl.errors import InputError
from dl.runs.files import write_json
from dl.runs.folder import open_folder
from dl.runs.generate import generate_documents
from dl.runs.load import load
from dl.runs.open_data import open_data_of
from dl.runs.shipped import refuse_to_write
from dl.runs.trained import Trained
from dl.train.options import require


@dataclass(frozen=True)
class ProgramOptions:
    """How many programs to draw, how to draw them, and how long to try to mend them.

    A program is cut after `longest` symbols; 0 stands for 1.5 times the longest program of the
    training part, so that only a program that would not end is cut. `longest_gram` is the n of the
    n-gram model.
    """

    count: int = 100
    temperature: float = 0.5
    longest: int = 0
    longest_gram: int = 12
    seed: int = 0
    repair_calls: int = 400

    def __post_init__(self) -> None:
        for name, least in (
            ("count", 1),
            ("temperature", 0),
            ("longest", 0),
            ("longest_gram", 1),
            ("seed", 0),
            ("repair_calls", 0),
        ):
            require(getattr(self, name) >= least, name, getattr(self, name), f"at least {least}")


def report_on_run(
    run: str,
    options: ProgramOptions,
    *,
    checkpoint: Literal["last", "best"] | None = None,
    say: Callable[[str], None] = lambda text: None,
    package: str = "experiments",
) -> dict[str, ProgramReport]:
    """Report on programs of the run's model, of an n-gram model, and of the run's test part.

    The n-gram model counts the training part. A model that was trained on single programs begins
    with an empty state; a model that was trained on a stream continues a program of its training
    part, drawn with the seed. The reports are also written to programs.json in the run's folder.
    `say` is called with a line about each stage of the work.

    Raises:
        InputError: when the run's model is no language model of documents, or reads words; when
            there is no judge of C programs, or no RapidFuzz.
        RunError: when the data have changed since the run.
    """
    check_installed()
    folder, config = open_folder(run, package=package)
    refuse_to_write(folder.path, package=package)
    loaded, judge = load(folder.path, checkpoint=checkpoint, package=package), find_judge()
    data = open_data_of(folder, config)
    known = _training_programs(data, loaded.spec.text)
    options = replace(options, longest=options.longest or _longest(known, loaded.spec.text))
    before = "" if loaded.spec.ragged else known[permutation(options.seed, len(known))[0]]
    drawn = _drawn(loaded, config.experiment.name, data, options, before=before, say=say)
    say(f"preparing {len(known):,} programs to compare with")
    reports = _judged(drawn, make_corpus(known), options, judge=judge, say=say)
    told = {name: as_json(each) for name, each in reports.items()}
    kept = {"options": asdict(options), "before": before, "reports": told}
    write_json(folder.path / "programs.json", kept)
    return reports


def _training_programs(data: Dataset, vocabulary: Vocabulary) -> list[str]:
    if vocabulary.unit == "word":
        raise InputError(
            "words lose the blanks and line ends that C needs: train with --unit char or byte"
        )
    known = read_documents(data.train, vocabulary)
    if not known:
        raise InputError(
            f"the training part of {data.spec.name} has no whole program: give more programs"
        )
    return known


def _longest(known: list[str], vocabulary: Vocabulary) -> int:
    """1.5 times the symbols of the longest program."""
    longest = max(len(vocabulary.encode(text)) for text in known)
    return longest + longest // 2


def _drawn(
    loaded: Trained,
    name: str,
    data: Dataset,
    options: ProgramOptions,
    *,
    before: str,
    say: Callable[[str], None],
) -> dict[str, list[str]]:
    """The programs of each source, by the name of the source."""
    how = {"longest": options.longest, "temperature": options.temperature, "seed": options.seed}
    say(f"writing {options.count} programs with {name}")
    of_net = generate_documents(loaded, options.count, before=before, **how)
    say(f"writing {options.count} programs with {options.longest_gram}-grams")
    of_ngram = _of_ngram(data.train, loaded.spec.text, options)
    held_out = _held_out(data, loaded.spec.text, options)
    return {name: of_net, f"{options.longest_gram}-gram": of_ngram, "held out": held_out}


def _judged(
    drawn: dict[str, list[str]],
    corpus: Corpus,
    options: ProgramOptions,
    *,
    judge: Judge,
    say: Callable[[str], None],
) -> dict[str, ProgramReport]:
    reports = {}
    for name, texts in drawn.items():
        tell = partial(_tell, say, name, len(texts))
        reports[name] = report_on(
            texts, corpus, judge=judge, repair_calls=options.repair_calls, on_sample=tell
        )
    return reports


def _tell(say: Callable[[str], None], name: str, of: int, done: int) -> None:
    """Report progress, at most ten times."""
    if done * 10 // of > (done - 1) * 10 // of:
        say(f"{name}: {done} of {of} programs judged")


def read_documents(
    part: Source, vocabulary: Vocabulary, *, longest: int | None = None
) -> list[str]:
    """The documents of a part without their end symbols, each cut after `longest` symbols.

    >>> vocabulary = Vocabulary("char", ("a", "b", "<end>"))
    >>> read_documents(TokenSource(np.array([2, 0, 2, 1, 0, 2]), steps=1), vocabulary)
    ['a', 'ba']

    Raises:
        InputError: when the part is not made of documents.
    """
    stream = _stream(part, vocabulary)
    ends = np.flatnonzero(stream == vocabulary.end)
    rows = [stream[first + 1 : last] for first, last in pairwise(ends) if last > first + 1]
    return [vocabulary.decode(row[:longest]) for row in rows]


def _stream(part: Source, vocabulary: Vocabulary) -> np.ndarray:
    """The documents of a part as one stream, with an end symbol before, between and after them."""
    if END in vocabulary.symbols and isinstance(part, TokenSource):
        return part.tokens
    if END in vocabulary.symbols and isinstance(part, RaggedSource) and part.step_targets:
        end = [vocabulary.end]
        rows = [row[:length] for row, length in zip(part.targets, part.lengths, strict=True)]
        return np.concatenate(
            [end, *(row if row[-1] == vocabulary.end else [*row, *end] for row in rows)]
        )
    raise InputError(
        "programs are documents, and these data have none: train with --dataset jsonl:PATH"
    )


def _of_ngram(part: Source, vocabulary: Vocabulary, options: ProgramOptions) -> list[str]:
    model = ngram.fit(
        _stream(part, vocabulary), order=options.longest_gram, symbols=len(vocabulary)
    )
    prime = np.array([vocabulary.end])
    texts = []
    for number in range(options.count):
        seed = (options.seed << 64) + number  # no two seeds share a program
        how = {
            "length": options.longest,
            "temperature": options.temperature,
            "stop": vocabulary.end,
        }
        texts.append(vocabulary.decode(ngram.sample(model, prime, seed=seed, **how)))
    return texts


def _held_out(data: Dataset, vocabulary: Vocabulary, options: ProgramOptions) -> list[str]:
    texts = read_documents(data.test, vocabulary, longest=options.longest)
    return [texts[place] for place in permutation(options.seed, len(texts))[: options.count]]
