"""Every picture of the gallery can be read: no text is cut, too small, or covered."""

from importlib import import_module
from pathlib import Path

import pytest
from layout_checks import check_layout

import dl
from dl.plots.style import new_figure
from docs.pictures.picture import Picture

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PAGES = [page for page in ("lessons", "runs", "games") if (FOLDER / f"{page}.py").exists()]
PICTURES: dict[str, Picture] = {
    f"{page}: {name}": picture
    for page in PAGES
    for name, picture in import_module(f"docs.pictures.{page}").PICTURES.items()
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_texts_can_be_read(name: str) -> None:
    with dl.plots.theme("light"):
        check_layout(PICTURES[name].draw())


def test_captions_are_sentences() -> None:
    assert not [name for name, picture in PICTURES.items() if not picture.caption.endswith(".")]


def test_a_covered_and_a_cut_text_are_found() -> None:
    figure, axes = new_figure()
    axes.text(0.5, 0.5, "below")
    check_layout(figure)
    axes.text(0.51, 0.5, "above")
    with pytest.raises(AssertionError, match=r"overlap: \[\('below', 'above'\)\]"):
        check_layout(figure)
    figure, axes = new_figure()
    figure.text(0.99, 0.5, "beyond the edge")
    with pytest.raises(AssertionError, match=r"outside the figure: \['beyond the edge'\]"):
        check_layout(figure)
