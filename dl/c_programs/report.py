"""How good are generated programs: do they compile, what is wrong with them, are they copies?

The figures mean little alone: compare those of a network's samples with those of an n-gram
model's samples and of held-out real programs.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.c_programs.compiler import find_judge, verdicts
from dl.c_programs.nearest import Corpus, Nearest, find_nearest
from dl.c_programs.repairs import Repair, repair
from dl.c_programs.tokens import open_brackets
from dl.c_programs.verdict import Judge, Verdict
from dl.errors import InputError
from dl.tables import Cell, Table


class Sample(NamedTuple):
    """A program with its verdict, its open brackets, its repair and its nearest programs.

    `repair` is the nearest accepted text, None when none was searched or none was found;
    `nearest` are the nearest programs of the corpus.
    """

    text: str
    verdict: Verdict
    open_brackets: str
    repair: Repair | None
    nearest: Nearest


class ProgramReport(NamedTuple):
    """The name of the judge, and the samples with what is known about them."""

    judge: str
    samples: Sequence[Sample]


def report_on(
    samples: Sequence[str],
    corpus: Corpus,
    *,
    judge: Judge | None = None,
    repair_calls: int = 400,
    on_sample: Callable[[int], None] = lambda done: None,
) -> ProgramReport:
    """Judge and mend every sample, and compare it with the corpus, the training programs.

    A rejected sample costs at most about `repair_calls` calls of the compiler, of a hundredth of a
    second each; with 0 it is not mended. After each sample `on_sample` is called with the number
    of samples that are done. Source: H3.

    Raises:
        InputError: without samples; when there is no judge of C programs, or no RapidFuzz.
    """
    if not samples:
        raise InputError("no programs to report on: give at least one")
    judge = judge or find_judge()
    reported = []
    for text, verdict in zip(samples, verdicts(samples, judge=judge), strict=True):
        mended = repair(text, judge=judge, calls=repair_calls)
        similar = find_nearest(text, corpus)
        reported.append(Sample(text, verdict, open_brackets(text), mended, similar))
        on_sample(len(reported))
    return ProgramReport(judge.name, reported)


def figures(report: ProgramReport) -> dict[str, float | None]:
    """The report in numbers; shares are in [0, 1], and the mean of no values is None.

    Wrong characters are counted in the rejected programs that could be mended. A program is cut
    off if it leaves a bracket open: some of its wrong characters are then closing brackets.
    `same structure` and `same names` are the shares of programs whose nearest training program has
    distance 0.
    """
    samples = report.samples
    rejected = [sample for sample in samples if not sample.verdict.accepted]
    wrong = [sample.repair.wrong_characters for sample in rejected if sample.repair]
    structure = [sample.nearest.structure.distance for sample in samples]
    names = [sample.nearest.names.distance for sample in samples]
    return {
        "programs": len(samples),
        "compiled": _mean([sample.verdict.accepted for sample in samples]),
        "cut off": _mean([bool(sample.open_brackets) for sample in samples]),
        "rejected and mended": len(wrong),
        "rejected and not mended": len(rejected) - len(wrong),
        "wrong characters, mean": _mean(wrong),
        "wrong characters, median": _median(wrong),
        "distance by structure, mean": _mean(structure),
        "distance by structure, median": _median(structure),
        "distance by names, mean": _mean(names),
        "distance by names, median": _median(names),
        "same structure": _mean([distance == 0 for distance in structure]),
        "same names": _mean([distance == 0 for distance in names]),
    }


def compare(reports: Mapping[str, ProgramReport]) -> Table:
    """The figures of several reports side by side, one column per report; first its judge."""
    columns = {name: {"judge": each.judge, **figures(each)} for name, each in reports.items()}
    names = next(iter(columns.values()), {})
    return Table(
        ("figure", *columns),
        [(name, *(column[name] for column in columns.values())) for name in names],
        formats=dict.fromkeys(columns, _shown),
        headings={"figure": ""},
    )


def beside(sample: Sample) -> str:
    """A sample, what is wrong with it, and its nearest training programs, one below the other."""
    verdict, mended = sample.verdict, sample.repair
    said = "compiles" if verdict.accepted else f"rejected: {verdict.message}"
    if mended and not verdict.accepted:
        said += f"; {mended.wrong_characters} wrong characters"
    parts = [(f"sample, {said}", sample.text)]
    for by, match in zip(("structure", "names"), sample.nearest, strict=True):
        title = f"nearest by {by}, {match.distance:.2f}, training program {match.index}"
        parts.append((title, match.program))
    return "\n".join(f"--- {title} ---\n{text.rstrip()}" for title, text in parts)


def as_json(report: ProgramReport) -> dict[str, Any]:
    """The report as JSON types: the judge, the figures, each sample with its nearest programs."""
    return {
        "judge": report.judge,
        "figures": figures(report),
        "samples": [_sample_json(sample) for sample in report.samples],
    }


def _sample_json(sample: Sample) -> dict[str, Any]:
    structure, names = sample.nearest
    return {
        "text": sample.text,
        "compiles": sample.verdict.accepted,
        "message": sample.verdict.message,
        "open_brackets": sample.open_brackets,
        "mended": sample.repair and sample.repair.text,
        "wrong_characters": sample.repair and sample.repair.wrong_characters,
        "nearest_by_structure": structure._asdict(),
        "nearest_by_names": names._asdict(),
    }


def _mean(numbers: Sequence[float]) -> float | None:
    return float(np.mean(numbers)) if numbers else None


def _median(numbers: Sequence[float]) -> float | None:
    return float(np.median(numbers)) if numbers else None


def _shown(value: Cell) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
