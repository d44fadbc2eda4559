"""What all tests share: eight CPU devices, quick compilation, fixed property examples.

Most of the time of a test is the compilation of programs that run once or twice, so they are
compiled with little optimisation. DL_TEST_OPTIMISED=1 compiles them as users have them.
"""

import os
import tempfile
from pathlib import Path

_CACHE = Path(tempfile.gettempdir()) / "dl-test-compilation-cache"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_CACHE))
# All programs, however small: workers, modules and the next call of pytest share them.
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Hundreds of tests end a run; the tests of the page ask for it.
os.environ.setdefault("DL_NO_PAGE", "1")

import hypothesis  # noqa: E402
import jax  # noqa: E402
import pytest  # noqa: E402

# Not by the environment: the processes that tests start compile as users have it.
jax.config.update("jax_disable_most_optimizations", not os.environ.get("DL_TEST_OPTIMISED"))
jax.config.update("jax_num_cpu_devices", 8)
# Eight devices on two cores: the collectives of two programs in flight would wait for each other.
jax.config.update("jax_cpu_enable_async_dispatch", False)
# JAX takes the devices now: a test of `run` would else set as many as there are cores, for all
# tests after it.
jax.devices()

# Tests that compile for each example say how many they try.
hypothesis.settings.register_profile("random", deadline=None)
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data sets that some tests read; they are skipped where it is absent."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("DL_TEST_DATA", root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set DL_TEST_DATA")
    return folder
