"""Tables of words and numbers: for a terminal, and in Markdown."""

from collections.abc import Sequence

Row = Sequence[str]


def text_table(head: Row, rows: Sequence[Row]) -> str:
    """Columns of even width, the first to the left, the others to the right.

    >>> print(text_table(("layer", "n"), [("conv1", "9"), ("output", "10")]))
    layer    n
    conv1    9
    output  10
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [
        "  ".join(
            f"{cell:{'>' if column else '<'}{widths[column]}}" for column, cell in enumerate(row)
        )
        for row in (head, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def markdown_table(head: Row, rows: Sequence[Row]) -> str:
    """The same as a table in Markdown; a bar in a cell is no end of it.

    >>> print(markdown_table(("layer", "|n|"), [("conv1", "9")]))
    | layer | \\|n\\| |
    | :-- | --: |
    | conv1 | 9 |
    """
    rule = [":--", *["--:"] * (len(head) - 1)]
    rows = [[cell.replace("|", r"\|") for cell in row] for row in (head, rule, *rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def times(sides: Sequence[int]) -> str:
    """A shape for people.

    >>> times((28, 28, 1))
    '28×28×1'
    """
    return "×".join(map(str, sides))
