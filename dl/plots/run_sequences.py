"""Pictures of runs that write sequences of their own: translations, captions, transcripts."""

from typing import TYPE_CHECKING

import numpy as np

from dl.data.sources.captions import CaptionSource
from dl.data.sources.pairs import PairSource
from dl.layers import spectra
from dl.plots.labels import shortened
from dl.plots.run_drawings import Asked
from dl.plots.run_subject import Subject, check_places
from dl.plots.spoken import transcription
from dl.plots.written import alignment, caption_attention
from dl.runs.caption import caption
from dl.runs.transcribe import transcribe
from dl.runs.translate import pairs_of, translate

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_alignment(asked: Asked, run: Subject) -> "Figure":
    """The best translation of the given text, or of one from the middle of a part."""
    text = asked.text
    if not text:
        pairs = pairs_of(run.data, asked.part)
        place = len(pairs) // 2 if asked.example is None else asked.example
        check_places([place], pairs, f"the {asked.part} part of {run.spec.name}")
        text = pairs[place][0]
    (best,) = translate(run.net, [text])
    return alignment(best[0])


def draw_caption(asked: Asked, run: Subject) -> "Figure":
    """The caption of the first picture of a part, or of the given one."""
    source = run.data.part(asked.part)
    assert isinstance(source, CaptionSource)
    places = asked.examples(1)
    check_places(places, source.pictures, f"the {asked.part} part of {run.spec.name}")
    pictures = source.pictures[places]
    (best,) = caption(run.net, pictures)
    return caption_attention(pictures[0], best[0])


def draw_transcription(asked: Asked, run: Subject) -> "Figure":
    """What the net hears in a recording from the middle of a part, or in the given one."""
    source = run.data.part(asked.part)
    assert isinstance(source, PairSource)
    place = len(source) // 2 if asked.example is None else asked.example
    check_places([place], source, f"the {asked.part} part of {run.spec.name}")
    samples = source.inputs[place][: source.lengths[place]]
    said = [
        run.spec.text.symbols[label]
        for label in source.targets[place][: source.target_lengths[place]]
    ]
    (heard,) = transcribe(run.net, [samples])
    energies = spectra.log_mel(samples[None] / np.float32(2**15), run.spec.sample_rate)[0]
    figure = transcription(energies, heard.posteriors, run.spec.text.symbols)
    figure.suptitle(shortened(f"said: {' '.join(said)}", 80), fontsize=10)
    return figure
