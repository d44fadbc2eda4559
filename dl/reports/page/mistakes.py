"""What the model answers: confusion matrix, the examples behind its cells, worst mistakes."""

from collections.abc import Iterable, Sequence

import numpy as np

from dl.assess.classification import MOST_CLASSES, ClassificationReport
from dl.assess.mistakes import Mistake, pairs_table
from dl.assess.report import figures_table
from dl.reports.page.answers import Answered, Example
from dl.reports.page.html import Html, join, tag
from dl.reports.page.pictures import passage, picture
from dl.reports.page.tables import html_table, scrolling

SHADES = 9


def answers_section(answered: Answered) -> Html:
    """A section on the model's answers for a part of the data."""
    report = answered.report
    if report is None:
        return _again(answered)
    if not isinstance(report, ClassificationReport):
        return tag(
            "section",
            tag("h2", f"Answers on the {answered.part} part"),
            tag("p", report.title, class_="note"),
            html_table(figures_table(report.figures())),
            _more(map(html_table, report.tables())),
            id="answers",
        )
    few = len(report.class_names) <= MOST_CLASSES
    return tag(
        "section",
        tag("h2", f"Answers on the {answered.part} part"),
        tag("p", report.title, class_="note"),
        _confusion(report, answered) if few else _confused(report),
        _worst(report, answered.worst),
        _more([html_table(figures_table(report.figures())), html_table(report.table()),
               html_table(report.calibration.table())]),
        id="answers",
    )  # fmt: skip


def _more(tables: Iterable[Html]) -> Html:
    return tag("details", tag("summary", "All figures of the report"), *tables)


def _confused(report: ClassificationReport) -> Html:
    return html_table(pairs_table(report.confused, report.class_names))


def _confusion(report: ClassificationReport, answered: Answered) -> Html:
    """A row for each class, a column for each answer; a cell leads to its examples."""
    names = report.class_names
    head = tag(
        "tr",
        tag("td"),
        *(tag("th", name, scope="col") for name in names),
    )
    rows = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            *(_cell(report, answered, row, column) for column in range(len(names))),
        )
        for row, name in enumerate(names)
    ]
    table = tag(
        "table",
        tag("caption", "Confusion matrix: a row for each class, a column for each answer"),
        tag("thead", head),
        tag("tbody", *rows),
        class_="matrix",
    )
    hint = "Choose a number to see its examples." if answered.behind else None
    return tag(
        "div",
        scrolling(table, name="confusion matrix"),
        tag("p", hint, class_="note") if hint else None,
        *(_behind(report, cell, examples) for cell, examples in answered.behind.items()),
    )


def _cell(report: ClassificationReport, answered: Answered, row: int, column: int) -> Html:
    """The deeper the shade, the larger the share of the class."""
    count = int(report.confusion[row, column])
    if not count:
        return tag("td", "·", class_="none")
    kind = f"{'right' if row == column else 'wrong'} shade-{_shade(report.confusion, row, column)}"
    if not answered.behind.get((row, column)):
        return tag("td", f"{count:,}", class_=kind)
    names = report.class_names
    said = f"{count:,}: {names[row]} taken for {names[column]}, show examples"
    return tag(
        "td",
        tag("a", f"{count:,}", href=f"#cell-{row}-{column}", aria_label=said),
        class_=kind,
    )


def _shade(confusion: np.ndarray, row: int, column: int) -> int:
    """From 1 to SHADES; mistakes, which are few, by the root of their share of the largest one.

    >>> counts = np.array([[99, 1, 0], [4, 90, 0], [0, 0, 50]])
    >>> _shade(counts, 2, 2), _shade(counts, 1, 0), _shade(counts, 0, 1)
    (9, 9, 5)
    """
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    if row == column:
        return 1 + int((SHADES - 1) * shares[row, column])
    largest = np.max(shares * (1 - np.eye(len(shares))))
    return 1 + round((SHADES - 1) * float(shares[row, column] / largest) ** 0.5)


def _behind(
    report: ClassificationReport, cell: tuple[int, int], examples: Sequence[Example]
) -> Html:
    """The examples of a cell, hidden until it is chosen."""
    row, column = cell
    right = row == column
    name, answer = report.class_names[row], report.class_names[column]
    count = int(report.confusion[row, column])
    few = f", {len(examples)} of {count:,}" if len(examples) < count else ""
    title = f"{name}, answered right{few}" if right else f"{name}, taken for {answer}{few}"
    shown = (
        _example(example, f"example {example.index}, {title}", f"No. {example.index}")
        for example in examples
    )
    return tag(
        "div",
        tag("h3", title),
        tag("div", *shown, class_="gallery"),
        tag("a", "Close", href="#answers", class_="close"),
        id=f"cell-{row}-{column}",
        class_="behind",
        tabindex="-1",
    )


def _worst(report: ClassificationReport, examples: Sequence[Example]) -> Html | None:
    if not report.mistakes:
        return tag("p", "There is no mistake.")
    shown = (
        _mistake(report, mistake, example)
        for mistake, example in zip(report.mistakes, examples, strict=True)
    )
    return join([
        tag("h3", "Worst mistakes, the most confident first"),
        tag("div", *shown, class_="gallery"),
    ])  # fmt: skip


def _mistake(report: ClassificationReport, mistake: Mistake, example: Example) -> Html:
    name, answer = report.class_names[mistake.target], report.class_names[mistake.answer]
    caption = join([
        tag("b", name), f" taken for {answer} ({100 * mistake.probability:.0f}\u00a0%)",
    ])  # fmt: skip
    return _example(example, f"example {mistake.index}, {name} taken for {answer}", caption)


def _example(example: Example, says: str, caption: object) -> Html:
    if example.pixels is not None:
        return picture(example.pixels, says, caption)
    return passage(example.words or f"example {example.index}", caption)


def _again(answered: Answered) -> Html:
    """Pictures, and below them what an auto-encoder makes of them."""
    pairs = (
        tag(
            "div",
            picture(given, f"picture {number} of the {answered.part} part"),
            picture(made, f"picture {number}, reconstructed"),
        )
        for number, (given, made) in enumerate(answered.again)
    )
    return tag(
        "section",
        tag("h2", "Reconstructions"),
        tag("p", f"Pictures of the {answered.part} part, and below them what the model makes of "
            "their codes.", class_="note"),
        tag("div", *pairs, class_="gallery pairs-of-pictures"),
        id="answers",
    )  # fmt: skip
