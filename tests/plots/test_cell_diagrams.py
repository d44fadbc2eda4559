"""Every number stands at its place in the diagrams of LSTM, GRU and the unfolded RNN (G1-G4)."""

import pytest

import dl
from dl.errors import InputError
from dl.inspect.recurrence.one_step import CellStep

LSTM = {
    "input": 0.11,
    "forget": 0.12,
    "candidate": -0.13,
    "output": 0.14,
    "cell_before": -0.15,
    "cell": 0.16,
    "hidden_before": 0.17,
    "hidden": 0.18,
    "kept": 0.19,
    "written": 0.21,
    "shown": 0.22,
}
GRU = {
    "reset": 0.31,
    "update": 0.32,
    "candidate": -0.33,
    "hidden_before": 0.34,
    "hidden": 0.35,
    "remembered": 0.36,
    "kept": 0.37,
    "written": 0.38,
}


def words(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def patches(figure) -> dict[tuple[float, float], str]:
    """The words of boxes and circles by their places, rounded to tenths."""
    shapes = [
        tuple((patch.get_window_extent().p0 + patch.get_window_extent().p1) / 2)
        for patch in figure.axes[0].patches
    ]
    back = figure.axes[0].transData.inverted()
    centres = [tuple(back.transform(shape).round(1).tolist()) for shape in shapes]
    named = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    return {centre: named[centre] for centre in centres if centre in named}


def test_g3_an_lstm_has_four_gates_and_its_numbers() -> None:
    figure = dl.plots.cell_diagram(CellStep("lstm", 4, 1, 3, LSTM), symbol="'a'")
    texts = words(figure)
    for label, number in {
        "$f$": "0.12",
        "$i$": "0.11",
        r"$\tilde{C}$": "−0.13",
        "$o$": "0.14",
        r"$f \ast C_{t-1}$": "0.19",
        r"$i \ast \tilde{C}$": "0.21",
        "tanh $C_t$": "0.22",
    }.items():
        assert f"{label} = {number}" in texts
    assert {"$x_t$ 'a'", "−0.15", "0.16", "0.17", "0.18"} <= set(texts)
    assert sorted(patches(figure).values()) == sorted(["σ"] * 3 + ["tanh"] * 2 + ["×"] * 3 + ["+"])
    assert figure.axes[0].get_title() == "LSTM: unit 1 of 3, step 4 (counted from 0)"


def test_g4_a_gru_resets_before_the_candidate_and_weighs_the_new_state() -> None:
    figure = dl.plots.cell_diagram(CellStep("gru", 0, 0, 1, GRU))
    texts = words(figure)
    for label, number in {
        "$r$": "0.31",
        "$z$": "0.32",
        r"$\tilde{h}$": "−0.33",
        r"$r \ast h_{t-1}$": "0.36",
        r"$(1-z) \ast h_{t-1}$": "0.37",
        r"$z \ast \tilde{h}$": "0.38",
    }.items():
        assert f"{label} = {number}" in texts
    assert {"$x_t$", "0.34", "0.35"} <= set(texts)
    expected = ["σ"] * 2 + ["tanh"] + ["×"] * 3 + ["+", "1−"]
    assert sorted(patches(figure).values()) == sorted(expected)


def test_other_cells_have_no_diagram() -> None:
    with pytest.raises(InputError, match="a diagram of lstm and gru, not of rnn"):
        dl.plots.cell_diagram(CellStep("rnn", 0, 0, 1, {}))


def test_g1_the_unfolded_net_shares_its_weights() -> None:
    figure = dl.plots.unfolded_rnn(3, inputs=["a", "b", "c"], states=[0, 0.5, -0.25, 1])
    texts = words(figure)
    # One of each in the cycle, and one for each step.
    assert [texts.count(f"${weights}$") for weights in "WUV"] == [4, 4, 4]
    nodes = ["$h_{0}$\n0", "$h_{2}$\n−0.25", "$x_{3}$\nc", "$y_{1}$"]
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    (start, second, third, first) = (places[node] for node in nodes)
    assert start[1] == second[1]
    assert second[0] - start[0] == pytest.approx(2 * (first[0] - start[0]))
    assert third[1] < second[1] < first[1]


def test_an_unfolded_net_with_other_numbers_of_values_is_refused() -> None:
    with pytest.raises(InputError, match="3 steps have 4 states, not 3"):
        dl.plots.unfolded_rnn(3, states=[1, 2, 3])
    with pytest.raises(InputError, match="steps"):
        dl.plots.unfolded_rnn(9)
