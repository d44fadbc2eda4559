"""What an experiment's docstring says, field by field, for `list` and for programs."""

import re
from dataclasses import dataclass

from dl.cli.docstring import first_line, first_sentence

_FIELD = re.compile(r"^(\w+): +(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Summary:
    """An experiment in short: what it is, its points of the lectures, what to expect of it."""

    name: str
    title: str
    lecture: tuple[str, ...]
    expected: str
    time: str
    command: str

    @property
    def letter(self) -> str:
        """The letter of the lecture that it names first; "" if it names none."""
        return self.lecture[0][0] if self.lecture else ""


def summarise(name: str, docstring: str) -> Summary:
    """The fields of a docstring.

    >>> summarise("a_net", "A net.\\n\\nLecture: E8, D6 (98 % in\\n    B2).\\nTime: 8 s. Or more.")
    ... # doctest: +NORMALIZE_WHITESPACE
    Summary(name='a_net', title='A net.', lecture=('E8', 'D6'), expected='', time='8 s.',
            command='')
    """
    fields = {label: " ".join(text.split()) for label, text in _FIELD.findall(docstring)}
    sentence = {
        label: first_sentence(docstring, f"{label}:").removeprefix(f"{label}: ")
        for label in ("Expected", "Time")
    }
    return Summary(
        name,
        first_line(docstring),
        _points(fields.get("Lecture", "")),
        sentence["Expected"],
        sentence["Time"],
        fields.get("Command", ""),
    )


def _points(text: str) -> tuple[str, ...]:
    """The ids that a field begins with; remarks in brackets and what follows them are left out.

    >>> _points("A1-A3, E8 (D6 in small). Paper: Hinton 2006 (B2).")
    ('A1', 'A2', 'A3', 'E8')
    """
    points: list[str] = []
    plain = re.sub(r"\([^)]*\)", "", text)
    for entry in re.split(r"\.(?:\s|$)", plain)[0].split(","):
        if found := re.fullmatch(r"\s*([A-H])(\d+)(?:-\1(\d+))?\s*", entry):
            last = int(found[3] or found[2])
            points += [f"{found[1]}{number}" for number in range(int(found[2]), last + 1)]
    return tuple(points)
