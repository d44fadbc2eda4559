"""Data sets and their examples as a notebook shows them: HTML, in which everything is escaped."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dl.data.naming import shown, some_of
from dl.data.sample import Sample
from dl.data.spec import DataSpec
from dl.screen import escaped, escaped_html
from dl.tables import Table, times

_SMALL = 64
_WIDTH = 96
_MOST_COLUMNS = 10


@dataclass(frozen=True, repr=False)
class Examples:
    """Examples of a data set with their labels; a notebook draws them, `print` names them."""

    title: str
    sample: Sample

    def __repr__(self) -> str:
        what = {"texts": lambda text: shown(text), "numbers": lambda row: _numbers(row)}
        words = what.get(self.sample.kind, lambda array: times(array.shape))
        pairs = zip(self.sample.examples, self.sample.labels, strict=True)
        lines = [f"{words(example)}  {label}".rstrip() for example, label in pairs]
        return escaped("\n".join([self.title, *lines]), keep="\n")

    def _repr_html_(self) -> str:
        return f"<div><b>{escaped_html(self.title)}</b>{examples_html(self.sample)}</div>"


def examples_html(sample: Sample) -> str:
    """Pictures and sequences as pictures in rows, texts one below the other, numbers as a table."""
    if sample.kind == "numbers":
        return _numbers_table(sample).html()
    pairs = list(zip(sample.examples, sample.labels, strict=True))
    if sample.kind == "texts":
        return "".join(_text(text, label) for text, label in pairs)
    draw = _picture if sample.kind == "pictures" else _sequence
    cells = "".join(_figure(draw(example), label) for example, label in pairs)
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{cells}</div>'


def dataset_html(spec: DataSpec, sizes: Mapping[str, int], examples: Examples) -> str:
    """What a data set is: its task, the sizes of its parts, shape and classes, some examples."""
    names = f" ({some_of(spec.class_names)})" if spec.class_names else ""
    facts = [
        f"{spec.task}; {spec.kind.outputs}: {spec.classes:,}{names}",
        f"inputs {'up to ' if spec.ragged else ''}{times(spec.input_shape)} {spec.input_dtype}",
        ", ".join(f"{name} {size:,}" for name, size in sizes.items()),
    ]
    lines = "".join(f"<div>{escaped_html(fact)}</div>" for fact in facts)
    return f"<div><b>{escaped_html(spec.name)}</b>{lines}{examples_html(examples.sample)}</div>"


def _figure(picture: str, label: str) -> str:
    caption = f"<figcaption>{escaped_html(label)}</figcaption>" if label else ""
    return f'<figure style="margin:4px;text-align:center">{picture}{caption}</figure>'


def _picture(pixels: np.ndarray) -> str:
    """A picture; one of few pixels is enlarged, with its pixels as squares."""
    few = max(pixels.shape[:2]) <= _SMALL
    how = "image-rendering:pixelated" if few else f"max-height:{2 * _WIDTH}px"
    return f'<img src="{png_address(pixels)}" alt="" style="width:{_WIDTH}px;{how}">'


def _sequence(steps: np.ndarray) -> str:
    """Numbers [T, D] as a field of greys, time from left to right, low numbers black."""
    values = steps.astype(np.float64).T
    span = np.ptp(values, axis=1, keepdims=True)
    greys = 255 * (values - values.min(1, keepdims=True)) / np.where(span > 0, span, 1)
    height = max(12, min(12 * len(values), _WIDTH))
    style = f"width:{2 * _WIDTH}px;height:{height}px;image-rendering:pixelated"
    return f'<img src="{png_address(greys.astype(np.uint8)[..., None])}" alt="" style="{style}">'


def png_address(pixels: np.ndarray) -> str:
    """A picture, uint8 [H, W, C] with one or three channels, as a PNG inside of its own address."""
    from PIL import Image

    file = io.BytesIO()
    grey_or_colour = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    Image.fromarray(grey_or_colour).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _text(text: str, label: str) -> str:
    head = f"<b>{escaped_html(label)}</b> " if label else ""
    safe = escaped_html(text.replace("\n", "↵"))
    return f'<div style="margin:4px 0">{head}<code style="white-space:pre-wrap">{safe}</code></div>'


def _numbers_table(sample: Sample) -> Table:
    width = min(len(sample.examples[0]), _MOST_COLUMNS)
    more = ("…",) if len(sample.examples[0]) > width else ()
    rows = [
        (label, *(f"{value:.4g}" for value in row[:width]), *more)
        for row, label in zip(sample.examples, sample.labels, strict=True)
    ]
    return Table(("label", *(f"x{place + 1}" for place in range(width)), *more), rows)


def _numbers(row: np.ndarray) -> str:
    return some_of([f"{value:.4g}" for value in row])
