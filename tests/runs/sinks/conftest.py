"""Two runs that train alike, one without sinks and one with those that are files."""

from pathlib import Path

import pytest
from sink_cases import FILES, run


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without sinks; tests share it and change nothing in it."""
    return run(tmp_path_factory.mktemp("runs") / "plain")


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run with sinks that are files; tests change copies of it."""
    pytest.importorskip("tensorboardX")
    return run(tmp_path_factory.mktemp("runs") / "logged", *FILES)
