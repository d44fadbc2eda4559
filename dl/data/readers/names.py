"""First names that need no network: a small text for language models."""

from pathlib import Path

from dl.data.dataset import Dataset
from dl.data.readers.text_files import lines_as_documents
from dl.data.text.reading import Reading

_FILE = Path(__file__).with_name("names.txt")


def load_names(*, validation: float = 0.0, reading: Reading | None = None) -> Dataset:
    """5,163 first names, each a document: 4,647 to train on, 516 to test.

    They are the names of women and men that 90 % of the people counted in the United States had in
    1990, each once and in alphabetical order. Source: U.S. Census Bureau, frequently occurring
    first names from the 1990 census; in the public domain.
    """
    names = _FILE.read_text(encoding="utf-8").split()
    return lines_as_documents("names", names, validation=validation, reading=reading or Reading())
