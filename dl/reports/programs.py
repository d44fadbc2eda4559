"""Programs that a run's model writes, beside held-out real ones and those of an n-gram model (H3)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np

from dl import ngram
from dl.c_programs.compiler import find_judge
from dl.c_programs.distances import check_installed
from dl.c_programs.nearest import make_corpus
from dl.c_programs.report import ProgramReport, as_json, report_on
from dl.data.dataset import Dataset, Part
from dl.data.ragged import RaggedSource
from dl.data.split import permutation
from dl.data.tokens import TokenSource
from dl.data.vocabulary import END, Vocabulary
from dl.errors import InputError
from dl.runs.files import write_json
from dl.runs.folder import open_folder
from dl.runs.generate import generate_documents
from dl.runs.load import Loaded, load
from dl.runs.setup import check_same_data, open_data
from dl.train.options import require


@dataclass(frozen=True)
class ProgramOptions:
    """How many programs to draw, how, and how hard to try to mend them.

    `longest` is where a program is cut; 0 gives it half as many symbols again as the longest of the
    training part has, so that what is cut is what would not end. `longest_gram` is the n-gram
    model's n.
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
    checkpoint: Literal["last", "best"] = "last",
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, ProgramReport]:
    """The reports on the run's model, on an n-gram model of its training part, and on programs of
    its test part.

    A model that was trained on single programs begins with an empty state, one trained on a stream
    goes on from a program of its training part, drawn with the seed. All of it is kept in the run's
    folder too, as programs.json. `say` hears what is being done.

    Raises: InputError: when the run is no language model of documents, reads words, or there is no
        judge of C programs. RunError: when its data have changed.
    """
    check_installed()
    loaded, judge = load(run, checkpoint=checkpoint), find_judge()
    folder, config = open_folder(run)
    data = open_data(config.options)
    check_same_data(folder, data)
    vocabulary = loaded.spec.text
    if vocabulary.unit == "word":
        raise InputError(
            "words forget blanks and ends of lines, which C needs: train with --unit char or byte"
        )
    known = read_documents(data.train, vocabulary)
    if not known:
        raise InputError(
            f"the training part of {data.spec.name} has no whole program: give more of them"
        )
    options = replace(options, longest=options.longest or _room(known, vocabulary))
    before = "" if loaded.spec.ragged else known[permutation(options.seed, len(known))[0]]
    drawn = _drawn(loaded, config.experiment.name, data, options, before=before, say=say)
    say(f"preparing {len(known):,} programs to compare with")
    corpus = make_corpus(known)
    reports = {}
    for name, texts in drawn.items():
        tell = partial(_tell, say, name, len(texts))
        reports[name] = report_on(
            texts, corpus, judge=judge, repair_calls=options.repair_calls, on_sample=tell
        )
    told = {name: as_json(one) for name, one in reports.items()}
    write_json(
        folder.path / "programs.json",
        {"options": asdict(options), "before": before, "reports": told},
    )
    return reports


def _drawn(
    loaded: Loaded,
    name: str,
    data: Dataset,
    options: ProgramOptions,
    *,
    before: str,
    say: Callable[[str], None],
) -> dict[str, list[str]]:
    """The programs of each source, by what the source is called."""
    how = {"longest": options.longest, "temperature": options.temperature, "seed": options.seed}
    say(f"writing {options.count} programs with {name}")
    of_net = generate_documents(loaded, options.count, before=before, **how)
    say(f"writing {options.count} programs with {options.longest_gram}-grams")
    of_ngram = _of_ngram(data.train, loaded.spec.text, options)
    held_out = _held_out(data, loaded.spec.text, options)
    return {name: of_net, f"{options.longest_gram}-gram": of_ngram, "held out": held_out}


def _tell(say: Callable[[str], None], name: str, of: int, done: int) -> None:
    """At most ten times."""
    if done * 10 // of > (done - 1) * 10 // of:
        say(f"{name}: {done} of {of} programs judged")


def _room(known: list[str], vocabulary: Vocabulary) -> int:
    longest = max(len(vocabulary.encode(text)) for text in known)
    return longest + longest // 2


def read_documents(part: Part, vocabulary: Vocabulary, *, longest: int | None = None) -> list[str]:
    """The documents of a part, without the ends around them, each cut after `longest` symbols.

    >>> vocabulary = Vocabulary("char", ("a", "b", "<end>"))
    >>> read_documents(TokenSource(np.array([2, 0, 2, 1, 0, 2]), steps=1), vocabulary)
    ['a', 'ba']

    Raises:
        InputError: for a part that has no documents.
    """
    stream = _stream(part, vocabulary)
    ends = np.flatnonzero(stream == vocabulary.end)
    rows = [stream[first + 1 : last] for first, last in pairwise(ends) if last > first + 1]
    return [vocabulary.decode(row[:longest]) for row in rows]


def _stream(part: Part, vocabulary: Vocabulary) -> np.ndarray:
    """The documents of a part one after the other, ends around them."""
    if END in vocabulary.symbols and isinstance(part, TokenSource):
        return part.tokens
    if END in vocabulary.symbols and isinstance(part, RaggedSource) and part.step_targets:
        end = [vocabulary.end]
        rows = [row[:length] for row, length in zip(part.targets, part.lengths, strict=True)]
        return np.concatenate(
            [end, *(row if row[-1] == vocabulary.end else [*row, *end] for row in rows)]
        )
    raise InputError(
        "programs come as documents, and these data are none: train on some with --dataset jsonl:PATH"
    )


def _of_ngram(part: Part, vocabulary: Vocabulary, options: ProgramOptions) -> list[str]:
    model = ngram.fit(
        _stream(part, vocabulary), order=options.longest_gram, symbols=len(vocabulary)
    )
    prime = np.array([vocabulary.end])
    texts = []
    for number in range(options.count):
        seed = (options.seed << 64) + number  # no program belongs to two seeds
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
