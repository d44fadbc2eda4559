"""What a trained model answers for the examples of a run, and the examples themselves."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import numpy as np

from dl.assess.classification import MOST_CLASSES, ClassificationReport
from dl.data.dataset import Dataset, DataSpec
from dl.data.gather import normalize
from dl.data.sources.source import Source
from dl.errors import InputError, first_line
from dl.inspect.codes.autoencoders import reconstruct
from dl.reports.page.pictures import is_picture
from dl.reports.page.written import Written, written_on
from dl.runs.config import Config
from dl.runs.folder import RunFolder
from dl.runs.load import load_with_remarks
from dl.runs.reporting import AnyReport, answers_of, has_report, report_on_answers
from dl.runs.trained import Trained
from dl.types import Autoencoder

MOST_EXAMPLES = 20_000
"""A part with more examples is left out, so that a page costs little beside its run."""
CELL, MOST_BEHIND = 8, 400
"""At most so many examples stand behind a cell of the confusion matrix, and behind all cells."""
RECONSTRUCTED = 10
"""So many pictures are shown beside what an auto-encoder makes of them."""


class Example(NamedTuple):
    """An example with its index: pixels [H, W, C] of a picture, the words of a text, or neither."""

    index: int
    pixels: Any = None
    words: str = ""


@dataclass(frozen=True)
class Answered:
    """The report on a part of the data, and examples to look at.

    `behind` has some examples for each (class, answer). `again` has pairs: a picture, and what an
    auto-encoder makes of it. `written` is what a model writes whose targets are sequences.
    """

    part: str
    report: AnyReport | None = None
    behind: dict[tuple[int, int], list[Example]] = field(default_factory=dict)
    worst: list[Example] = field(default_factory=list)
    again: list[tuple[Any, Any]] = field(default_factory=list)
    written: Written | None = None


def answers_of_run(folder: RunFolder, config: Config, notes: list[str]) -> Answered | None:
    """The answers of a run's model; None, and a note that says why, where they cannot be had."""
    try:
        trained, _ = load_with_remarks(
            folder.path, checkpoint=None, package=config.experiment.package
        )
        return answers_on(trained, "validation" if config.varied else "test")
    except Exception as error:  # also of data that have moved, and an experiment's own model
        notes.append(f"The model's answers are not shown: {first_line(error)}.")
        return None


def answers_on(trained: Trained, part: str) -> Answered:
    """The answers of a trained model for a part of its data.

    Raises:
        InputError: when there is no such part, or it is too large for a page.
        RunError: when the data have changed.
    """
    data = trained.open_data()
    source = data.part(part)
    if isinstance(trained.model, Autoencoder):
        return Answered(part, again=_again(trained, source))
    written = written_on(trained, data, part)
    if written is not None and (len(source) > MOST_EXAMPLES or not has_report(data.spec)):
        return Answered(part, written=written)
    if len(source) > MOST_EXAMPLES and not data.spec.kind.predicts_symbols:
        raise InputError(
            f"the {part} part has {len(source):,} examples, and a page looks at most at "
            f"{MOST_EXAMPLES:,}; `evaluate --report` looks at all"
        )
    answers = answers_of(trained.network, data, part, batch_size=trained.options.batch_size)
    report = report_on_answers(answers, data, part)
    if not isinstance(report, ClassificationReport):
        return Answered(part, report, written=written)
    behind = _behind(answers["targets"], answers["outputs"].argmax(axis=-1), data, source)
    worst = _examples([mistake.index for mistake in report.mistakes], source, data.spec)
    return Answered(part, report, behind, worst)


def _behind(
    targets: np.ndarray, answers: np.ndarray, data: Dataset, source: Source
) -> dict[tuple[int, int], list[Example]]:
    """Some examples of each cell, mistakes first, as many as a page holds."""
    if data.spec.classes > MOST_CLASSES:
        return {}
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    wrong_first = np.argsort(targets == answers, kind="stable")
    for index in wrong_first:
        cell = cells[int(targets[index]), int(answers[index])]
        if len(cell) < CELL:
            cell.append(int(index))
    chosen, room = {}, MOST_BEHIND
    for cell, indices in sorted(cells.items(), key=lambda item: item[0][0] == item[0][1]):
        chosen[cell] = _examples(indices[: max(room, 0)], source, data.spec)
        room -= len(chosen[cell])
    return {cell: examples for cell, examples in chosen.items() if examples}


def _examples(indices: Sequence[int], source: Any, spec: DataSpec) -> list[Example]:
    """The examples at these indices; one that is neither picture nor text has an index alone."""
    if not indices:
        return []
    if is_picture(spec.input_shape):
        pictures = source.gather(np.asarray(indices))["inputs"]
        return [Example(*pair) for pair in zip(indices, pictures, strict=True)]
    if spec.vocabulary is not None and spec.ragged:
        return [Example(index, words=_words(index, source, spec)) for index in indices]
    return [Example(index) for index in indices]


def _words(index: int, source: Any, spec: DataSpec) -> str:
    return spec.text.decode(source.inputs[index][: source.lengths[index]])


def _again(trained: Trained, source: Any) -> list[tuple[Any, Any]]:
    spec = trained.spec
    if not is_picture(spec.input_shape):
        return []
    pictures = source.gather(np.arange(min(RECONSTRUCTED, len(source))))["inputs"]
    inputs = normalize(jax.numpy.asarray(pictures), spec)
    made = reconstruct(trained.autoencoder, trained.params, inputs)
    shares = made.reshape(pictures.shape) * np.asarray(spec.std) + np.asarray(spec.mean)
    return list(zip(pictures, np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8), strict=True))
