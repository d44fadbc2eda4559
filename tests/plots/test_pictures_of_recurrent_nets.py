"""Gates over a text, and gradients over time: what stands at which place."""

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError
from dl.inspect import TextGates


def layer_of(text: str, units: int = 3, names: tuple[str, ...] = ("update", "hidden")) -> TextGates:
    rng = np.random.default_rng(0)
    values = {name: rng.random((len(text), units)) for name in names}
    return TextGates("layer", "gru", text, values)


def test_rows_are_units_and_columns_symbols() -> None:
    layer = layer_of("a b\nc")
    layer.activations["hidden"][:] = [0.0, 0.5, -0.5]
    layer.activations["hidden"][0] = [1.0, 0.9, 0.0]  # they vary by 1, 0.4 and 0.5
    figure = dl.plots.gates(layer)
    update, hidden = figure.axes[:2]
    np.testing.assert_allclose(
        np.asarray(update.images[0].get_array()), layer.activations["update"][:, [0, 2, 1]].T
    )
    assert update.images[0].get_clim() == (0, 1)
    assert hidden.images[0].get_clim() == (-1, 1)
    assert [label.get_text() for label in hidden.get_xticklabels()] == ["a", "␣", "b", "↵", "c"]
    assert [axes.get_ylabel() for axes in (update, hidden)] == ["update", "hidden"]
    check_layout(figure)


@pytest.mark.parametrize("steps", [1, 80])
def test_the_shortest_and_the_longest_text_can_be_read(steps: int) -> None:
    names = ("input", "forget", "candidate", "output", "cell", "hidden")
    figure = dl.plots.gates(layer_of("mW" * (steps // 2) or "m", 128, names), units=9)
    assert figure.axes[0].images[0].get_array().shape == (9, steps)
    check_layout(figure)


def test_words_and_ends_of_documents_are_symbols_too() -> None:
    layer = layer_of("abc")._replace(symbols=["<end>", "wonderful", "$5"])
    check_layout(dl.plots.gates(layer))


def test_a_cell_beyond_one_widens_its_scale() -> None:
    layer = layer_of("ab", names=("cell", "hidden"))
    layer.activations["cell"][0, 0] = -4.0
    assert dl.plots.gates(layer).axes[0].images[0].get_clim() == (-4, 4)


def test_norms_stand_at_their_distance() -> None:
    norms = {"rnn": 0.5 ** np.arange(5), "lstm": np.array([1.0, 0.9, 0.0, 0.0, 0.0])}
    figure = dl.plots.gradient_reach(norms, initial={"rnn": 0.1 ** np.arange(5)})
    first, rnn, lstm = figure.axes[0].lines
    assert rnn.get_xydata().tolist() == [[0, 1], [1, 0.5], [2, 0.25], [3, 0.125], [4, 0.0625]]
    assert first.get_ydata() == pytest.approx([1, 0.1, 0.01, 1e-3, 1e-4])
    assert np.isfinite(lstm.get_ydata()).tolist() == [True, True, False, False, False]
    assert figure.axes[0].get_yscale() == "log"
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["rnn, at initialisation", "rnn, trained", "lstm"]
    check_layout(figure)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="the text has 81 symbols, of which 80"):
        dl.plots.gates(layer_of("a" * 81))
    with pytest.raises(InputError, match="no gradient above 0"):
        dl.plots.gradient_reach({"rnn": np.zeros(3)})
