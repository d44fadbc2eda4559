"""How recordings become examples: options."""

import re
from dataclasses import dataclass
from typing import Literal

from dl.data.naming import shown
from dl.errors import InputError
from dl.ranges import Count, CountOrZero, NotNegative, check_fields

FILE_NAMES = "{label}_{speaker}_{index}"
"""What the names of the Free Spoken Digit Dataset tell."""
_FIELDS = {"label": ".+?", "speaker": ".+?", "index": r"\d+"}


@dataclass(frozen=True)
class Listening:
    """How recordings become examples.

    `file_names` says what the name of a file tells: `{label}`, `{speaker}` and `{index}`, a number,
    with other signs between. Where a folder tells the label, names need not. All recordings are
    brought to `sample_rate` Hz; 0 takes that of the files, which then must have one. Training
    recordings of more than `longest` seconds are left out; 0 keeps all. If recordings have
    speakers, those of `test_speaker` are the test part. A step of a model that transcribes has
    `stack` frames: what is too short for its labels is left out. `strings` are made to train on and
    `test_strings` to test on, of up to `most_words` recordings, by `string_seed`. `phones` is how
    many kinds of phones TIMIT's 61 are folded to.
    """

    file_names: str = FILE_NAMES
    sample_rate: CountOrZero = 0
    longest: NotNegative = 0.0
    test_speaker: str = ""
    stack: Count = 1
    strings: Count = 4000
    test_strings: Count = 1000
    most_words: Count = 7
    string_seed: CountOrZero = 0
    phones: Literal[39, 48, 61] = 39

    def __post_init__(self) -> None:
        check_fields(self)
        check_file_names(self.file_names)

    def told(self, name: str) -> dict[str, str]:
        """What a name without its suffix tells by `file_names`; {} if it does not follow them.

        >>> Listening().told("7_jackson_12")
        {'label': '7', 'speaker': 'jackson', 'index': '12'}
        """
        pattern = re.escape(self.file_names)
        for field, signs in _FIELDS.items():
            pattern = pattern.replace(re.escape(f"{{{field}}}"), f"(?P<{field}>{signs})")
        found = re.fullmatch(pattern, name)
        return found.groupdict() if found else {}


def check_file_names(file_names: str) -> None:
    """Raise an `InputError` for fields that are none of the three, and for one given twice.

    >>> check_file_names("{spekaer}_{index}")
    Traceback (most recent call last):
    dl.errors.InputError: file_names is '{spekaer}_{index}', and {spekaer} is none of {label}, ...
    """
    fields = re.findall(r"\{(.*?)\}", file_names)
    for field in fields:
        if field not in _FIELDS:
            known = ", ".join(f"{{{each}}}" for each in _FIELDS)
            raise InputError(
                f"file_names is {shown(file_names)!r}, and {{{shown(field)}}} is none of {known}: "
                "give some of these"
            )
        if fields.count(field) > 1:
            raise InputError(
                f"file_names is {shown(file_names)!r}, with {{{field}}} twice: give each field once"
            )
