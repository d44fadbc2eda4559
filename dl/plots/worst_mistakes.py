"""The most confident mistakes of a classifier: their pictures, or a table of their texts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dl.assess.classification import ClassificationReport
from dl.assess.mistakes import Mistake
from dl.errors import InputError
from dl.plots.labels import shortened, wrapped
from dl.plots.picture_grid import show_picture
from dl.plots.style import ink, new_figure, new_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 6
_MOST_PICTURES = 18
_MOST_ROWS = 16


def mistakes(report: ClassificationReport, pictures: Sequence[Any] | None = None) -> "Figure":
    """The wrong answers that were given the largest probabilities, the worst first.

    `pictures` are those of `report.mistakes`, [H, W, C] each; above them stand class, answer and
    the answer's probability. Without pictures there is a table with the names of the examples, such
    as the beginnings of texts.

    Raises:
        InputError: when there is no mistake, or not a picture for each.

    >>> from dl.assess.classification import classification_report
    >>> report = classification_report([[0.9, 0.1], [0.6, 0.4]], [1, 0], class_names=("no", "yes"))
    >>> figure = mistakes(report, [np.zeros((2, 2, 1), np.uint8)])
    >>> figure.axes[0].get_title()
    'yes → no\\n90.0 %'
    """
    if not report.mistakes:
        raise InputError(f"{report.name or 'the report'} has no mistake that could be shown")
    if pictures is None:
        return _table(report)
    if len(pictures) != len(report.mistakes):
        raise InputError(
            f"{len(pictures)} pictures for {len(report.mistakes)} mistakes: give one for each"
        )
    return _pictures(report, pictures)


def _pictures(report: ClassificationReport, pictures: Sequence[Any]) -> "Figure":
    shown = report.mistakes[:_MOST_PICTURES]
    size = {"columns": _COLUMNS, "panel": (1.35, 1.75), "room": (0.0, 0.4), "least_width": 4.2}
    figure, panels = new_panels(len(shown), **size)
    for axes, mistake, picture in zip(panels, shown, pictures, strict=False):
        show_picture(axes, picture)
        axes.set_title(_title(mistake, report.class_names), fontsize=8)
    figure.suptitle("class → answer, and the answer's probability", fontsize=10)
    return figure


def _title(mistake: Mistake, names: Sequence[str]) -> str:
    target, answer = names[mistake.target], names[mistake.answer]
    words = f"{shortened(target, 14)} → {shortened(answer, 14)}"
    if len(words) > 18:
        words = words.replace(" → ", "\n→ ")
    return f"{words}\n{100 * mistake.probability:.1f} %"


def _table(report: ClassificationReport) -> "Figure":
    shown = report.mistakes[:_MOST_ROWS]
    rows = [_row(mistake, report.class_names) for mistake in shown]
    figure, axes = new_figure(width=8.4, height=0.7 + 0.4 * len(rows))
    axes.axis("off")
    table = axes.table(
        cellText=rows,
        colLabels=["example", "class", "answer", "probability"],
        colLoc="left",
        colWidths=[0.5, 0.18, 0.18, 0.14],
        cellLoc="left",
        loc="center",
        edges="horizontal",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    for (row, _), cell in table.get_celld().items():
        cell.PAD = 0.02
        cell.set(edgecolor=ink(), height=1 / (len(rows) + 1), linewidth=0.5)
        cell.get_text().set(color=ink(), weight="bold" if row == 0 else "normal")
    return figure


def _row(mistake: Mistake, names: Sequence[str]) -> tuple[str, ...]:
    return (
        wrapped(mistake.name or f"example {mistake.index}", 46),
        shortened(names[mistake.target], 16),
        shortened(names[mistake.answer], 16),
        f"{100 * mistake.probability:.1f} %",
    )
