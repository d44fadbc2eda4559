"""What the progress of a run says, as text that fits a line."""

import math
from collections.abc import Iterable, Mapping, Sequence

from dl.train.record import Record


def epoch_line(records: Sequence[Record], *, epochs: int, width: int) -> str:
    """The records of one epoch's end as a line of less than `width` columns, if they fit.

    Where they do not, the second part leaves out the names of its metrics, which are those of the
    first; where they still do not, each part has a line.

    >>> train = Record(20, 2.0, "train", {"accuracy": 0.8, "loss": 0.6}, 1234.5)
    >>> held_out = Record(20, 2.0, "validation", {"accuracy": 0.9, "loss": 0.5})
    >>> print(epoch_line([train], epochs=10, width=80))
    epoch  2/10  train accuracy 0.8000 loss 0.6000  1,234 examples/s
    >>> print(epoch_line([train, held_out], epochs=10, width=80))
    epoch  2/10  train accuracy 0.8000 loss 0.6000  validation 0.9000 0.5000
    """
    head = _epoch(records[0], epochs)
    parts = [_part(record, named=True) for record in records]
    rates = [record.examples_per_second for record in records if record.examples_per_second]
    rate = [f"{rate:,.0f} examples/s" for rate in rates]
    alike = len({tuple(known(record.values)) for record in records}) == 1
    short = [_part(record, named=number == 0) for number, record in enumerate(records)]
    offered = ["  ".join([head, *parts, *rate]), "  ".join([head, *parts])]
    if alike:
        offered.append("  ".join([head, *short]))
    fitting = [line for line in offered if len(line) < width]
    return (
        fitting[0] if fitting else f"\n{'':{len(head)}}  ".join([f"{head}  {parts[0]}", *parts[1:]])
    )


def bar_text(seconds_left: float | None, records: Iterable[Record], *, width: int) -> str:
    """What stands behind the bar: the time left and the newest metrics, as many as fit.

    >>> records = [Record(20, 2.0, "train", {"accuracy": 0.8, "loss": 0.6})]
    >>> bar_text(75, records, width=30)
    '1:15 left, train accuracy 0.8'
    """
    words = [] if seconds_left is None else [f"{describe_seconds(seconds_left)} left"]
    for record in records:
        named = [f"{name} {value:.3g}" for name, value in known(record.values).items()]
        words += [f"{record.split} {named[0]}", *named[1:]] if named else []
    while len(", ".join(words)) > width and words:
        words.pop()
    return ", ".join(words)


def known(values: Mapping[str, float]) -> dict[str, float]:
    """The figures without those that no example counted for, such as games before one has ended.

    A loss that is not a number is kept: it is a sign of trouble.

    >>> known({"loss": 0.5, "game_length": float("nan")})
    {'loss': 0.5}
    """
    return {n: value for n, value in values.items() if n == "loss" or not math.isnan(value)}


def describe(record: Record, *, epochs: int) -> str:
    """A record in the middle of an epoch as one line.

    >>> describe(Record(15, 1.5, "train", {"loss": 0.5, "accuracy": 0.9}), epochs=10)
    'epoch 1.50/10  step 15  train loss 0.5000 accuracy 0.9000'
    """
    return f"epoch {record.epoch:.2f}/{epochs}  step {record.step}  {_part(record, named=True)}"


def describe_seconds(seconds: float) -> str:
    """A time as people read it.

    >>> describe_seconds(7.4), describe_seconds(754), describe_seconds(7540)
    ('0:07', '12:34', '2:05:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _epoch(record: Record, epochs: int) -> str:
    epoch = f"{record.epoch:.0f}" if float(record.epoch).is_integer() else f"{record.epoch:.2f}"
    return f"epoch {epoch:>{len(str(epochs))}}/{epochs}"


def _part(record: Record, *, named: bool) -> str:
    values = known(record.values).items()
    texts = (f"{name} {value:.4f}" if named else f"{value:.4f}" for name, value in values)
    return " ".join([record.split, *texts])
