"""Transcriptions: spectrogram and posteriors over one time, names where labels are emitted."""

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError

LABELS = ("yes", "no", "maybe")


def posteriors() -> np.ndarray:
    """Twenty steps: "yes" around step 4, "no" at 9 and, after a blank, at 11."""
    steps = np.full((20, 4), 0.01)
    steps[:, 0] = 0.97
    for step, label, share in ((3, 0, 0.6), (4, 0, 0.9), (9, 1, 0.8), (11, 1, 0.7)):
        steps[step] = 0.01
        steps[step, label + 1], steps[step, 0] = share, 0.98 - share
    return steps


def test_sound_and_posteriors_share_their_time() -> None:
    energies = np.random.default_rng(0).normal(size=(58, 26))
    figure = dl.plots.transcription(energies, posteriors(), LABELS)
    above, below = figure.axes[:2]
    np.testing.assert_array_equal(above.images[0].get_array(), energies.T)
    assert above.images[0].origin == "lower"
    np.testing.assert_allclose(above.images[0].get_extent(), (0, 0.58, 0.5, 26.5))
    blank, yes, no = below.lines
    np.testing.assert_allclose(
        np.asarray(blank.get_xdata()), (np.arange(20) + 0.5) * 0.03
    )  # three frames each
    np.testing.assert_array_equal(blank.get_ydata(), posteriors()[:, 0])
    np.testing.assert_array_equal(yes.get_ydata(), posteriors()[:, 1])
    np.testing.assert_array_equal(no.get_ydata(), posteriors()[:, 2])
    assert len({line.get_linestyle() for line in below.lines}) == 3
    assert below.get_xlim() == pytest.approx((0, 0.6))
    check_layout(figure)


def test_a_name_stands_at_the_peak_of_each_emission() -> None:
    figure = dl.plots.transcription(np.zeros((20, 4)), posteriors(), LABELS)
    texts = figure.axes[1].texts
    assert [text.get_text() for text in texts] == ["yes", "no", "no"]
    peaks = [text.xy for text in texts]
    np.testing.assert_allclose(peaks, [(0.045, 0.9), (0.095, 0.8), (0.115, 0.7)])


def test_many_labels_are_turned_and_silence_has_none() -> None:
    phones = [f"p{number}" for number in range(10)]
    steps = np.full((40, 11), 0.01)
    steps[:, 0] = 0.9
    for number in range(10):
        steps[4 * number + 2, [0, number + 1]] = 0.1, 0.8
    figure = dl.plots.transcription(np.zeros((120, 4)), steps, phones)
    assert {text.get_rotation() for text in figure.axes[1].texts} == {90.0}
    check_layout(figure)
    silent = dl.plots.transcription(np.zeros((6, 4)), np.eye(2)[[0, 0]], ["yes"])
    assert len(silent.axes[1].lines) == 1
    assert not silent.axes[1].texts


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match=r"\[20, 4\] are none of a blank and 2 labels"):
        dl.plots.transcription(np.zeros((20, 4)), posteriors(), LABELS[:2])
    with pytest.raises(InputError, match="20 steps of posteriors for 19 frames"):
        dl.plots.transcription(np.zeros((19, 4)), posteriors(), LABELS)
    with pytest.raises(InputError, match=r"energies are \[frames, bands\]"):
        dl.plots.transcription(np.zeros(20), posteriors(), LABELS)
