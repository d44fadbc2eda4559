"""A model's drawing as SVG."""

from dl.inspect.cost.drawing import Arrow, Box, Drawing
from dl.reports.page.html import Html, tag
from dl.tables import times

MARGIN, MOST_LETTERS = 6.0, 21


def architecture_svg(drawing: Drawing, title: str) -> Html:
    """Boxes with name, output shape and number of parameters, and the arrows between them."""
    width, height = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN
    layers = sum(box.kind not in ("input", "join") for box in drawing.boxes)
    said = f"{layers} layers and {len(drawing.arrows)} arrows, with the input at the top"
    return tag(
        "svg",
        tag("title", title, id="drawing-title"),
        tag("desc", f"{said}; the table has every layer.", id="drawing-desc"),
        tag(
            "defs",
            tag(
                "marker",
                tag("path", d="M0 0L8 4L0 8z"),
                id="tip",
                viewBox="0 0 8 8",
                refX="8",
                refY="4",
                markerWidth="7",
                markerHeight="7",
                orient="auto",
            ),
        ),
        *map(_arrow, drawing.arrows),
        *map(_box, drawing.boxes),
        role="img",
        aria_labelledby="drawing-title drawing-desc",
        class_="drawing",
        width=f"{width:g}",
        height=f"{height:g}",
        viewBox=f"{-MARGIN:g} {-MARGIN:g} {width:g} {height:g}",
    )


def _box(box: Box) -> Html:
    middle = box.x + box.width / 2
    lines = [box.name] if box.kind == "join" else [_last(box.name), _facts(box)]
    first = box.y + box.height / 2 + 4 - 8 * (len(lines) - 1)
    return tag(
        "g",
        tag("title", f"{box.name}: {_facts(box)}"),
        tag(
            "rect",
            x=f"{box.x:g}",
            y=f"{box.y:g}",
            width=f"{box.width:g}",
            height=f"{box.height:g}",
            rx=5,
        ),
        *(
            tag(
                "text",
                line,
                x=f"{middle:g}",
                y=f"{first + 16 * number:g}",
                class_="facts" if number else None,
            )
            for number, line in enumerate(lines)
        ),
        class_=f"box {box.kind}",
    )


def _arrow(arrow: Arrow) -> Html:
    points = " ".join(f"{x:g},{y:g}" for x, y in arrow.points)
    return tag("polyline", points=points, class_="arrow", marker_end="url(#tip)")


def _facts(box: Box) -> str:
    shape = times(box.output_shape) or "1"
    return f"{shape} · {box.parameters:,}" if box.parameters else shape


def _last(name: str) -> str:
    """The end of a long name, which tells layers of one block apart."""
    return name if len(name) <= MOST_LETTERS else f"…{name[1 - MOST_LETTERS :]}"
