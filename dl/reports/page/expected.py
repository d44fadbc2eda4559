"""What an experiment says that its figure should be, and how far a run is from it."""

import re
from typing import NamedTuple


class Expected(NamedTuple):
    """The line "Expected:" of an experiment's docstring.

    If it begins with a figure of the test part, `metric` is its name in result.json, `mean` its
    value and `spread` the standard deviation over seeds, or None; all are None otherwise.
    `percent` tells that the text has it in percent.
    """

    text: str
    metric: str | None = None
    mean: float | None = None
    spread: float | None = None
    percent: bool = False

    @property
    def band(self) -> tuple[float, float] | None:
        """Two standard deviations to either side, where most seeds lie; None without a spread."""
        if self.mean is None or self.spread is None:
            return None
        return self.mean - 2 * self.spread, self.mean + 2 * self.spread

    def judge(self, value: float) -> str:
        """How far `value` is from the figure, in words.

        >>> Expected("", "accuracy", 0.99, 0.002, percent=True).judge(0.9921)
        'within the expected band'
        >>> Expected("", "accuracy", 0.99, None, percent=True).judge(0.9921)
        '0.21 points above the expected figure'
        """
        assert self.mean is not None
        if self.band and self.band[0] - 1e-9 <= value <= self.band[1] + 1e-9:
            return "within the expected band"
        away = abs(value - self.mean)
        size = f"{100 * away:.2f} points" if self.percent else f"{away:.3g}"
        if float(size.split()[0]) == 0:
            return "the expected figure"
        return f"{size} {'above' if value > self.mean else 'below'} the expected figure"


_NUMBER = r"(\d+(?:\.\d+)?)"
_FORMS = (
    (rf"test accuracy {_NUMBER} %(?: ± {_NUMBER})?", "accuracy", 0.01),
    (rf"{_NUMBER} % accuracy(?: ± {_NUMBER})?", "accuracy", 0.01),
    (rf"(?:not solved: )?test MSE {_NUMBER}(?: ± {_NUMBER})?", "mse", 1.0),
    (rf"{_NUMBER} nats(?: \([^)]*\))? per c(?:haracter|hord)(?: ± {_NUMBER})?", "loss", 1.0),
)


def expected_of(docstring: str) -> Expected | None:
    """The expected figure in a docstring; None when it says nothing of it.

    >>> expected_of("A net.\\n\\nExpected: test accuracy 99.4 % ± 0.2 over\\n    ten seeds.")[1:4]
    ('accuracy', 0.994, 0.002)
    >>> expected_of("A net.\\n\\nExpected: not measured.")
    Expected(text='not measured.', metric=None, mean=None, spread=None, percent=False)
    """
    found = re.search(r"^Expected: *(.*(?:\n[ \t]+\S.*)*)", docstring, re.MULTILINE)
    if not found:
        return None
    text = " ".join(found[1].split())
    for pattern, metric, unit in _FORMS:
        if figure := re.match(pattern, text):
            mean, spread = figure[1], figure[2]
            return Expected(
                text,
                metric,
                round(float(mean) * unit, 9),
                None if spread is None else round(float(spread) * unit, 9),
                percent=unit != 1.0,
            )
    return Expected(text)
