"""How recordings become examples: options."""

from dataclasses import dataclass
from typing import Literal

from dl.ranges import Count, CountOrZero, NotNegative, check_fields


@dataclass(frozen=True)
class Listening:
    """How recordings become examples.

    `file_names` says what the name of a file tells, where no folders do: `{label}`, `{speaker}` and
    `{index}`, a number, with other signs between. All recordings are brought to `sample_rate` Hz; 0
    takes that of the files, which then must have one. Training recordings of more than `longest`
    seconds are left out; 0 keeps all. If recordings have speakers, those of `test_speaker` are the
    test part. A step of a model that transcribes has `stack` frames: what is too short for its
    labels is left out. `strings` are made to train on and `test_strings` to test on, of up to
    `most_words` recordings, by `string_seed`. `phones` is how many kinds of phones TIMIT's 61 are
    folded to.
    """

    file_names: str = "{label}_{speaker}_{index}"
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
