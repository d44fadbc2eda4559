"""TFDS's names: those of its lazy sub-packages too."""

import subprocess
import sys

import pytest

from dl.data.tfds.catalog import catalog
from dl.data.tfds.prepare import find_builder
from dl.errors import InputError


def test_a_new_process_knows_the_sets_of_all_sub_packages_and_loads_no_tensorflow() -> None:
    program = (
        "import sys\n"
        "from dl.data.tfds.catalog import catalog\n"
        "names, _ = catalog()\n"
        "print(len(names), {'glue', 'imdb_reviews', 'mnist', 'ucf101'} <= set(names))\n"
        "print('tensorflow' in sys.modules)\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(printed[0]) > 400
    assert printed[1:] == ["True", "False"]


def test_sets_that_need_a_missing_package_are_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    some = catalog()._replace(missing=("h5py",))
    monkeypatch.setattr("dl.data.tfds.prepare.catalog", lambda: some)
    with pytest.raises(InputError, match=r"some of them need the Python package h5py\)$"):
        find_builder("zzzzzz")
