"""What a page shows of sequences that a model wrote: sentences, captions, transcripts."""

import base64
import io
import re

import numpy as np
import pytest
from page_cases import EVIL, Outline, material
from PIL import Image

from dl.reports.page.answers import Answered
from dl.reports.page.attention import alignment_svg, overlaid
from dl.reports.page.page import page
from dl.reports.page.posteriors import posteriors_svg
from dl.reports.page.written import Captions, Transcripts, Translations, Written
from dl.runs.caption import Caption
from dl.runs.transcribe import Transcript
from dl.runs.translate import Translation

WEIGHTS = np.array([[0.8, 0.19, 0.01], [0.0, 0.5, 0.5]])
GOOD = Translation("a dog", -0.1, ("a", "dog"), ("ein", "Hund", "<end>"), WEIGHTS)
BAD = Translation(EVIL, -3.0, (EVIL, "<end>"), ("Hund", "<end>"), np.eye(2))


def outline(written: Written, **result: object) -> Outline:
    run = material(answered=Answered("test", written=written))
    return Outline(page([material(answered=run.answered, result={**(run.result or {}), **result})]))


def test_an_alignment_has_a_cell_for_each_weight_that_can_be_seen() -> None:
    found = Outline(alignment_svg(GOOD, "a"))
    *cells, frame = found.named("rect")
    assert [float(cell["fill-opacity"]) for cell in cells] == [0.8, 0.19, 0.5, 0.5]
    columns = sorted({float(cell["x"]) for cell in cells})
    assert np.diff(columns).tolist() == [18, 18]
    assert float(cells[2]["y"]) - float(cells[0]["y"]) == 18
    assert (frame["width"], frame["height"]) == ("54", "36")
    assert "a: ein; dog: Hund" in found.text
    assert not found.unclosed


def test_the_worst_sentence_comes_first_and_is_escaped() -> None:
    written = Translations(["Hund", "ein Hund"], ["dog", "a dog"], [BAD, GOOD], [3.0, 100.0])
    found = outline(written, signatures={"bleu": "nrefs:1|case:lc"})
    assert "Translations of the test part" in found.text
    assert "bleu: nrefs:1|case:lc" in found.text
    rows = found.text[found.text.index("Worst sentences") :]
    assert rows.index("3.0") < rows.index("100.0")
    matrices = [each for each in found.named("svg") if each.get("class") == "alignment"]
    assert len({each["width"] for each in matrices}) == 2  # both sentences, and none twice
    assert not any("onerror" in attributes for _, attributes in found.elements)
    assert "answers" not in {each.get("id") for each in found.named("section")}


def test_without_scores_and_without_attention_there_are_sentences() -> None:
    blind = Translation("a dog", -0.1, ("a", "dog"), ("ein", "Hund"), np.zeros((2, 0)))
    found = outline(Translations(["ein Hund"], ["a dog"], [blind], None))
    assert "chrF" not in found.text
    assert not [each for each in found.named("svg") if each.get("class") == "alignment"]
    assert "1 sentences, spread evenly over the part." in found.text


def test_a_picture_is_shown_with_each_word() -> None:
    pictures = [np.full((8, 8, 1), 100, np.uint8)] * 2
    captions = [Caption("a dog", -1.0, ("a", "dog"), np.full((2, 2, 2), 0.25))] * 2
    found = outline(Captions(pictures, [("a cat", "a big cat"), ()], captions))
    assert "People say: a cat; a big cat" in found.text
    assert len(found.named("img")) == 2 * 3 + 2


def test_attention_is_laid_over_the_dimmed_picture() -> None:
    weights = np.zeros((2, 2))
    weights[0, 1] = 0.4
    shown = overlaid(np.full((300, 200, 3), 200, np.uint8), weights)
    assert shown.shape == (100, 67, 3)
    assert shown[-1, 0].tolist() == [120, 120, 120]
    np.testing.assert_allclose(shown[0, -1], 0.15 * 120 + 0.85 * np.array([213, 94, 0]), atol=0.5)


@pytest.fixture
def heard() -> Transcript:
    steps = np.full((10, 3), 0.004)
    steps[:, 0] = 0.992
    steps[4], steps[7] = (0.1, 0.9, 0.0), (0.2, 0.0, 0.8)
    return Transcript(("yes", "no"), -0.5, steps)


def test_curves_and_names_stand_where_labels_are_emitted(heard: Transcript) -> None:
    energies = np.outer(np.arange(30.0), np.ones(4)) + np.arange(4)
    found = Outline(posteriors_svg(energies, heard.posteriors, ["yes", "no"], "a"))
    (image,) = found.named("image")
    pixels = Image.open(io.BytesIO(base64.b64decode(image["href"].partition(",")[2])))
    assert pixels.size == (30, 4)
    assert np.argmax(np.asarray(pixels)[0]) == 29  # the highest band is above, the end at the right
    # A step is three frames of 10 ms: the middles of steps 4 and 7.
    assert re.search(r"Emitted: yes at 0\.1[34] s, no at 0\.2[23] s\.", found.text)
    blank, yes, no = (each["d"] for each in found.named("path"))
    assert len(re.findall(r"[\d.]+,", blank)) == 10
    peaks = [min(map(float, re.findall(r",([\d.]+)", path))) for path in (yes, no)]
    np.testing.assert_allclose(peaks, [242 - 90, 242 - 80], atol=0.06)
    assert len(re.findall(r"[\d.]+,", yes)) == 3  # of a curve near 0 nothing is drawn


def test_recordings_with_most_errors_come_first(heard: Transcript) -> None:
    silent = Transcript((), -0.1, heard.posteriors[:3])
    written = Transcripts(
        {0: np.zeros((30, 4)), 1: np.zeros((9, 4))},
        ["yes no", "yes"],
        [heard, silent],
        [0.0, 1.0],
        ["yes", "no"],
    )
    found = outline(written)
    rows = found.text[found.text.index("Worst recordings") :]
    assert rows.index("100\u00a0%") < rows.index("0\u00a0% yes no")
    assert not found.unclosed
    assert "Said: yes no" in found.text
