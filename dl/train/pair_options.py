"""The options that say how pairs of texts are read."""

from dataclasses import dataclass
from typing import Literal

from dl.data.dataset import Dataset
from dl.data.text.reading import Reading
from dl.data.text.stored import MOST_UNPACKED
from dl.errors import InputError
from dl.ranges import Count, CountOrZero, require
from dl.train.options import DataOptions, TrainOptions


@dataclass(frozen=True)
class PairFields:
    """Options that say how pairs of texts are read; other options inherit them beside their own."""

    source: str = ""
    """Language to read: how its files end, such as de, or a table's column; by default the first.
    """
    target: str = ""
    """Language to write, likewise; by default the second."""
    lower: bool = True
    """Read and write lower case alone."""
    unit: Literal["char", "byte", "word", "subword"] = "word"
    """What a symbol is."""
    vocabulary_size: CountOrZero = 0
    """Keep this many of the most frequent symbols, or make as many subwords; 0 keeps all, and makes
    8,000 subwords.
    """
    joint: bool = False
    """One vocabulary for both languages, in the place of one for each."""
    unknown: Literal["replace", "refuse"] = "replace"
    """What to do about a symbol that the training part does not contain."""
    longest: CountOrZero = 0
    """Train on pairs of at most this many symbols a side; 0 leaves out only what is far longer."""
    longest_line: Count = 10_000_000
    """The most characters that a text may have."""
    most_unpacked: Count = MOST_UNPACKED
    """The most megabytes that a compressed file may grow to."""

    def check_symbols(self) -> None:
        """Raise an `InputError` for a limit on bytes, which are always 256, and equal languages."""
        size, known = self.vocabulary_size, "0 for bytes, which are 256"
        require(self.unit != "byte" or size == 0, "vocabulary_size", size, known)
        same = bool(self.source) and self.source == self.target
        require(not same, "target", self.target, "another language than the source")

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are no pairs of texts."""
        if data.spec.source_vocabulary is None:
            raise InputError(
                f"{data.spec.name} has no translations: give pairs:PATH, or a set of TFDS such as "
                "ted_hrlr_translate/pt_to_en"
            )

    @property
    def reading(self) -> Reading:
        """How pairs of texts become sequences."""
        return Reading(
            unit=self.unit,
            vocabulary_size=self.vocabulary_size,
            unknown=self.unknown,
            longest=self.longest,
            longest_line=self.longest_line,
            most_unpacked=self.most_unpacked,
            source=self.source,
            target=self.target,
            lower=self.lower,
            joint=self.joint,
        )


@dataclass(frozen=True)
class PairOptions(PairFields, TrainOptions):
    """Options of training on pairs of texts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_symbols()


@dataclass(frozen=True)
class PairCountOptions(PairFields, DataOptions):
    """Options of counting on pairs of texts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_symbols()
