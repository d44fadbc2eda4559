"""The options that say how text is read, for whatever learns from it."""

from dataclasses import dataclass, replace
from typing import Literal

from dl.data.dataset import Dataset
from dl.data.text.reading import Reading
from dl.data.text.stored import MOST_UNPACKED
from dl.errors import InputError
from dl.ranges import Count, CountOrZero, require
from dl.train.options import DataOptions, TrainOptions


@dataclass(frozen=True)
class TextFields:
    """Options that say how text is read; other options inherit them beside their own."""

    unit: Literal["char", "byte", "word"] = "char"
    """What a symbol is."""
    vocabulary_size: CountOrZero = 0
    """Keep only this many of the most frequent symbols; 0 keeps all."""
    unknown: Literal["replace", "refuse"] = "replace"
    """What to do about a symbol that the training part does not contain."""
    longest: CountOrZero = 0
    """The most symbols that a document may have; 0 cuts only what is far longer than the rest."""
    longer: Literal["cut", "leave-out"] = "cut"
    """Cut longer documents, or leave them out."""
    columns: str = ""
    """Columns of tsv:PATH and csv:PATH: the header's names of text and label, or text,label,_."""
    text_key: str = ""
    """Key of the text in jsonl:PATH; by default text, code, sentence or content."""
    label_key: str = ""
    """Key of the label in jsonl:PATH; by default label."""
    longest_line: Count = 10_000_000
    """The most characters that a line of documents may have."""
    most_unpacked: Count = MOST_UNPACKED
    """The most megabytes that a compressed text may grow to."""

    def check_symbols(self) -> None:
        """Raise an `InputError` for a limit on the vocabulary of bytes, which are always 256."""
        size, known = self.vocabulary_size, "0 for bytes, which are 256"
        require(self.unit != "byte" or size == 0, "vocabulary_size", size, known)

    @property
    def reading(self) -> Reading:
        """How text becomes sequences."""
        return Reading(
            unit=self.unit,
            stream=self.as_stream,
            vocabulary_size=self.vocabulary_size,
            unknown=self.unknown,
            longest=self.longest,
            longer=self.longer,
            use_labels=self.use_labels,
            columns=self.columns,
            text_key=self.text_key,
            label_key=self.label_key,
            longest_line=self.longest_line,
            most_unpacked=self.most_unpacked,
        )

    @property
    def as_stream(self) -> bool:
        """Whether documents are read one after the other, as one stream."""
        return True

    @property
    def use_labels(self) -> bool:
        """Whether labels are learned where the documents have them."""
        return True


@dataclass(frozen=True)
class ReadingOptions(TextFields, DataOptions):
    """Which text to use, for whatever learns from it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_symbols()


@dataclass(frozen=True)
class DocumentOptions(TextFields, TrainOptions):
    """Options of training on texts, each from its beginning to its end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_symbols()

    @property
    def as_stream(self) -> bool:
        """Each document is a sequence of its own."""
        return False


@dataclass(frozen=True)
class TextOptions(DocumentOptions):
    """Options of training on a stream of text."""

    segment: Count = 64
    """Symbols of a stream that are back-propagated through at a time."""
    order: Literal["segments", "windows"] = "segments"
    """Contiguous segments, between which the state is carried on, or windows that begin anywhere,
    each with a fresh state.
    """

    @property
    def reading(self) -> Reading:
        """How text becomes sequences."""
        return replace(super().reading, segment=self.segment, order=self.order)

    @property
    def as_stream(self) -> bool:
        """Documents are read one after the other, as one stream."""
        return True


def require_text(data: Dataset) -> None:
    """Raise an `InputError` for data that are not text."""
    if data.spec.vocabulary is None:
        raise InputError(
            f"{data.spec.name} is no text: "
            "give text:, lines:, jsonl:, tsv: or csv:PATH, or a text of TFDS"
        )
