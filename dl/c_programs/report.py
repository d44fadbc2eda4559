"""What generated programs are worth: how many compile, how much is wrong with the others, and
whether they are copies.

The same figures are made of a network's samples, of an n-gram model's and of real programs that
were held out: only side by side do they tell something.
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
    """A program, what the judge says of it, the brackets it leaves open, and what is near:
    accepted, in the corpus.
    """

    text: str
    verdict: Verdict
    open_brackets: str
    repair: Repair | None
    nearest: Nearest


class ProgramReport(NamedTuple):
    """The samples and the name of the judge."""

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
    """Judge, mend and compare every sample; the corpus is what the model was trained on. Source:
    H3.

    A rejected sample costs at most about `repair_calls` calls of the compiler, a hundredth of a
    second each, and is not mended with 0. `on_sample` hears how many are done.

    Raises:
        InputError: without samples; when there is no judge of C programs.
    """
    if not samples:
        raise InputError("no programs to report on: give at least one")
    judge = judge or find_judge()
    found = []
    for text, verdict in zip(samples, verdicts(samples, judge=judge), strict=True):
        mended = repair(text, judge=judge, calls=repair_calls)
        found.append(Sample(text, verdict, open_brackets(text), mended, find_nearest(text, corpus)))
        on_sample(len(found))
    return ProgramReport(judge.name, found)


def figures(report: ProgramReport) -> dict[str, float | None]:
    """The report in numbers; shares are in [0, 1], and None stands where there is nothing to take a
    mean of.

    Wrong characters are those of the rejected programs for which an accepted text was found. A
    program is cut off if
    it leaves a bracket open: some of its wrong characters are then closing ones. `same structure`
    and `same names` are the shares whose nearest training program is at distance 0.
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
    """The figures of several reports side by side: a column each, the name of the judge on top."""
    columns = {name: {"judge": told.judge, **figures(told)} for name, told in reports.items()}
    names = next(iter(columns.values()), {})
    return Table(
        ("figure", *columns),
        [(name, *(column[name] for column in columns.values())) for name in names],
        formats=dict.fromkeys(columns, _shown),
        headings={"figure": ""},
    )


def beside(sample: Sample) -> str:
    """A sample, what is wrong with it, and the nearest training programs: for the eye to judge what
    was copied.
    """
    verdict, mended = sample.verdict, sample.repair
    said = "compiles" if verdict.accepted else f"rejected: {verdict.message}"
    if mended and not verdict.accepted:
        said += f"; {mended.wrong_characters} wrong characters"
    parts = [(f"sample, {said}", sample.text)]
    for by, match in zip(("structure", "names"), sample.nearest, strict=True):
        parts.append(
            (
                f"nearest by {by}, {match.distance:.2f}, training program {match.index}",
                match.program,
            )
        )
    return "\n".join(f"--- {title} ---\n{text.rstrip()}" for title, text in parts)


def as_json(report: ProgramReport) -> dict[str, Any]:
    """The report as JSON's types: the judge, the figures and each sample with its nearest programs."""
    return {
        "judge": report.judge,
        "figures": figures(report),
        "samples": [_sample_json(one) for one in report.samples],
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
