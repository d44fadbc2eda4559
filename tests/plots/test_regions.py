"""Regions, boundaries and points of problems in the plane; their change as an animation."""

from pathlib import Path

import numpy as np
import pytest
from layout_checks import panels
from PIL import Image

import dl
from dl.errors import InputError
from dl.inspect.decisions import Decisions, decision_grid
from dl.plots.style import COLOURS, new_figure

GRID = decision_grid(lambda points: (points[:, 0] + 1) / 2, side=9)
"""The probability of the second class is (x + 1) / 2: the boundary is the line x = 0."""


def test_colours_tell_the_class_and_how_certain_it_is() -> None:
    from matplotlib.colors import to_rgb

    (axes,) = panels(dl.plots.decision_regions(GRID))
    picture = axes.images[0].get_array()
    np.testing.assert_allclose(picture[0, 0, :3], to_rgb(COLOURS["blue"]))
    np.testing.assert_allclose(picture[0, -1, :3], to_rgb(COLOURS["orange"]))
    strength = picture[4, :, 3]
    assert (np.diff(strength[:5]) < 0).all()
    assert (np.diff(strength[4:]) > 0).all()
    # Each pixel lies around its point of the grid, which is 0.25 from the next.
    np.testing.assert_allclose(axes.images[0].get_extent(), (-1.125, 1.125, -1.125, 1.125))


def test_the_boundary_is_where_the_classes_are_equally_probable() -> None:
    (axes,) = panels(dl.plots.decision_regions(GRID))
    (boundary,) = [each for each in axes.collections if hasattr(each, "levels")]
    np.testing.assert_allclose(boundary.get_paths()[0].vertices[:, 0], 0, atol=1e-6)


def test_points_have_the_colour_and_the_marker_of_their_class() -> None:
    points, labels = np.array([[0.5, 0.1], [-0.5, 0.2], [0.6, 0.3]]), np.array([[1], [0], [1]])
    figure = dl.plots.decision_regions(
        {"a": GRID, "b": GRID}, points=points, labels=labels, class_names=("no", "yes")
    )
    for axes in panels(figure):
        no, yes = (each for each in axes.collections if not hasattr(each, "levels"))
        np.testing.assert_allclose(no.get_offsets(), points[1:2])
        np.testing.assert_allclose(yes.get_offsets(), points[[0, 2]])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["no", "yes"]
    markers = {handle.get_marker() for handle in figure.legends[0].legend_handles}
    assert len(markers) == 2


def test_three_classes_have_three_boundaries() -> None:
    axis = np.linspace(-1, 1, 11)
    x, y = np.meshgrid(axis, axis)
    scores = np.exp(3 * np.stack([x, y, -x - y], -1))
    grid = Decisions(axis, axis, scores / scores.sum(-1, keepdims=True))
    (axes,) = panels(dl.plots.decision_regions(grid))
    assert len(axes.collections) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": np.zeros((2, 2))}, "give both, or neither"),
        ({"points": np.zeros((2, 2)), "labels": np.array([0, 2])}, "a label from 0 to 1"),
        ({"points": np.zeros((2, 2)), "labels": np.array([0])}, "2 points have 1 labels"),
    ],
)
def test_points_that_do_not_fit_are_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        dl.plots.decision_regions(GRID, **options)


def test_frames_become_an_animation(tmp_path: Path) -> None:
    frames = dl.plots.decision_frames({"step 0": GRID, "step 1": GRID._replace(x=GRID.x + 1)})
    assert [panels(frame)[0].get_title() for frame in frames] == ["step 0", "step 1"]
    path = dl.plots.save_animation(frames, tmp_path / "moving.gif", seconds=0.25, dpi=40)
    with Image.open(path) as animation:
        assert animation.n_frames == 2
        assert animation.info["duration"] == 250
        assert animation.info["loop"] == 0
        assert animation.size == tuple(round(40 * side) for side in frames[0].get_size_inches())


def test_animations_that_cannot_be_are_refused(tmp_path: Path) -> None:
    small, large = new_figure(width=1)[0], new_figure(width=2)[0]
    for figures, name, message in (
        ([small], "moving.png", r"no GIF: call it moving.gif"),
        ([], "moving.gif", "not of none"),
        ([small, large], "moving.gif", "figures of one size"),
        ([small], "nowhere/moving.gif", "cannot write .*: No such file"),
    ):
        with pytest.raises(InputError, match=message):
            dl.plots.save_animation(figures, tmp_path / name)
