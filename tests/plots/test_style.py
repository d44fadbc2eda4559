"""Themes, formats and colours that all pictures share."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.inspect.cost.fields import Seen
from dl.plots.style import COLOURS, ink, lines, new_figure, new_panels, pictures_only


def lightness(colour: str) -> float:
    """The relative luminance of sRGB (WCAG 2.2), which contrast is defined with."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([lightness(one), lightness(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aaa(theme: Any) -> None:
    with dl.plots.theme(theme):
        figure, axes = new_figure()
        assert contrast(axes.title.get_color(), _hex(figure.get_facecolor())) > 7
        assert ink() == axes.title.get_color()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", COLOURS)
def test_colours_can_be_seen_on_both_grounds(theme: Any, name: str) -> None:
    with dl.plots.theme(theme):
        figure, _ = new_figure()
    assert contrast(COLOURS[name], _hex(figure.get_facecolor())) > 2


def test_a_dozen_curves_all_differ() -> None:
    assert len(set(lines(12))) == 12
    assert len({line.linestyle for line in lines(4)}) == 4


def test_a_theme_ends_with_its_context() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    with dl.plots.theme("dark"):
        assert new_figure()[1].get_facecolor() != (1, 1, 1, 1)
    assert dict(matplotlib.rcParams) == before
    assert new_figure()[1].get_facecolor() == (1, 1, 1, 1)


def test_one_axes_alone_or_an_array_of_them() -> None:
    assert new_figure()[1].get_title() == ""
    assert new_figure(1, 3)[1].shape == (1, 3)
    figure, axes = new_figure(2, 2)
    pictures_only(axes)
    assert not any(each.get_xticks().size for each in axes.ravel())
    assert len(figure.axes) == 4


def test_panels_fill_rows_and_the_lowest_have_numbers() -> None:
    figure, panels = new_panels(4, columns=3, panel=(2.0, 1.5), room=(0.5, 1.0), sharex=True)
    assert len(panels) == len(figure.axes) == 4
    assert figure.get_size_inches().tolist() == [6.5, 4.0]
    assert [each.xaxis.get_tick_params()["labelbottom"] for each in panels] == [False] + [True] * 3
    narrow, alone = new_panels(1, columns=3, panel=(2.0, 1.5), least_width=3.0)
    assert len(alone) == 1
    assert narrow.get_size_inches().tolist() == [3.0, 1.5]


STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", STARTS)
def test_the_same_figure_is_the_same_file(suffix: str, tmp_path: Path) -> None:
    contents = []
    for number in range(2):
        figure, axes = new_figure()
        axes.plot([0, 1], [0, 1])
        contents.append(dl.plots.save(figure, tmp_path / f"{number}.{suffix}").read_bytes())
    assert contents[0] == contents[1]
    assert contents[0].startswith(STARTS[suffix])


def test_other_formats_and_places_are_refused(tmp_path: Path) -> None:
    figure, _ = new_figure()
    with pytest.raises(InputError, match=r"curve.bmp does not end .*: call it curve.png"):
        dl.plots.save(figure, tmp_path / "curve.bmp")
    with pytest.raises(InputError, match=r"cannot write .*: No such file or directory"):
        dl.plots.save(figure, tmp_path / "nowhere" / "curve.png")


def test_without_matplotlib_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'dl-lectures\[plots\]'"):
        new_figure()
    with pytest.raises(InputError, match=r"pip install 'dl-lectures\[plots\]'"):
        dl.plots.receptive_fields(np.zeros((8, 8)), [Seen("conv1", 1, 1, 5, 5)])


def _hex(colour: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in colour[:3])
