"""The section on what a model writes: translations, captions of pictures, transcripts."""

from collections.abc import Sequence
from typing import Any

from dl.reports.page.attention import alignment_svg, overlaid
from dl.reports.page.html import Html, join, tag
from dl.reports.page.pictures import picture
from dl.reports.page.posteriors import posteriors_svg
from dl.reports.page.tables import scrolling
from dl.reports.page.written import DRAWN, Captions, Transcripts, Translations, Written

_NARROW = ("chrF", "label error")
LONGEST = 26
"""Of sentences those with at most so many symbols are drawn."""


def written_section(written: Written, part: str, signatures: dict[str, str]) -> Html:
    """What the model writes for some examples of a part."""
    titles = {Translations: "Translations", Captions: "Captions", Transcripts: "Transcripts"}
    if isinstance(written, Translations):
        body = _translations(written)
    elif isinstance(written, Captions):
        body = _captions(written)
    else:
        body = _transcripts(written)
    signed = [tag("p", f"{name}: {signature}", class_="note") for name, signature in
              signatures.items()]  # fmt: skip
    return tag(
        "section", tag("h2", f"{titles[type(written)]} of the {part} part"), body, *signed,
        id="written",
    )  # fmt: skip


def _translations(written: Translations) -> Html:
    count = len(written.translations)
    order = list(range(count))
    if written.scores is not None:
        order.sort(key=written.scores.__getitem__)
    rows = [
        (
            *([f"{written.scores[place]:.1f}"] if written.scores is not None else []),
            written.sources[place],
            written.translations[place].text,
            written.references[place],
        )
        for place in order
    ]
    scored = written.scores is not None
    columns = (*(["chrF"] if scored else []), "source", "translation", "reference")
    said = f"{count} sentences, spread evenly over the part" + (
        ", those with the lowest chrF first." if scored else "."
    )
    return join([*_alignments(written), tag("h3", "Worst sentences" if scored else "Sentences"),
                 _prose(said, columns, rows)])  # fmt: skip


def _alignments(written: Translations) -> list[Html]:
    """Matrices of a few sentences that are short enough to be read."""
    drawn = [
        each
        for each in written.translations
        if 0 < len(each.source) <= LONGEST and 0 < len(each.symbols) <= LONGEST
        if each.attention.shape[1]
    ]
    if not drawn:
        return []
    count = min(DRAWN, len(drawn))
    chosen = [drawn[number * len(drawn) // count] for number in range(count)]
    matrices = (alignment_svg(each, f"alignment-{n}") for n, each in enumerate(chosen))
    note = "A row for each written symbol; the deeper a cell, the more the net looked there."
    return [
        tag("h3", "Attention"),
        tag("p", note, class_="note"),
        tag(
            "div",
            *(scrolling(each, name="attention of a translation") for each in matrices),
            class_="matrices",
        ),
    ]


def _captions(written: Captions) -> Html:
    looked = [_looked(written, n) for n in range(min(DRAWN, len(written.captions)))]
    others = (
        picture(pixels, f"a picture that is described as: {one.text}", one.text)
        for pixels, one in zip(written.pictures, written.captions, strict=True)
    )
    return join([*looked, tag("h3", "More captions"),
                 tag("div", *others, class_="gallery captioned")])  # fmt: skip


def _looked(written: Captions, number: int) -> Html:
    """A picture with its captions, and where the net looked at each word."""
    pixels, own = written.pictures[number], written.captions[number]
    words = []
    if own.attention.size:
        words = [
            picture(overlaid(pixels, places), f"where the net looked for “{word}”", word)
            for word, places in zip(own.words, own.attention, strict=True)
        ]
    people = "; ".join(written.references[number])
    return join([
        tag("h3", own.text or "(nothing)"),
        tag("p", f"People say: {people}", class_="note") if people else None,
        tag("div", picture(pixels, f"picture {number}", "the picture"), *words, class_="gallery"),
    ])  # fmt: skip


def _transcripts(written: Transcripts) -> Html:
    figures = [
        join([
            tag("h3", f"Said: {written.said[number]}"),
            posteriors_svg(
                energies, written.heard[number].posteriors, written.labels, f"heard-{number}"
            ),
        ])
        for number, energies in written.energies.items()
    ]  # fmt: skip
    order = sorted(range(len(written.rates)), key=lambda place: -written.rates[place])
    rows = [
        (f"{100 * written.rates[n]:.0f}\u00a0%", written.said[n], written.heard[n].text or "–")
        for n in order
    ]
    said = f"{len(rows)} recordings, spread evenly over the part, those with most errors first."
    note = (
        "Above the spectrogram, low tones at the bottom; below it what the net believes at each "
        "moment, dotted for the blank."
    )
    return join([tag("p", note, class_="note"), *figures, tag("h3", "Worst recordings"),
                 _prose(said, ("label error", "said", "heard"), rows)])  # fmt: skip


def _prose(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Html:
    """A table whose cells hold sentences."""
    head = tag("tr", *(tag("th", column, scope="col") for column in columns))
    kinds = ["narrow" if name in _NARROW else None for name in columns]
    body = (
        tag("tr", *(tag("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True)))
        for row in rows
    )
    table = tag(
        "table", tag("caption", title), tag("thead", head), tag("tbody", *body), class_="prose"
    )
    return scrolling(table, name=title)
