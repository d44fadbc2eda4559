"""What is printed on a terminal that does not have every sign."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_run_without_standard_streams_ends_well(tmp_path: Path) -> None:
    words = "-m experiments run mlp_xor --epochs 5 --devices 1 --run-dir"
    command = [sys.executable, *words.split(), str(tmp_path / "run")]
    shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    assert subprocess.run(shell, cwd=ROOT, check=False).returncode == 0
    assert (tmp_path / "run" / "result.json").exists()
    refused = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-m", "experiments", "evaluate"]
    ended = subprocess.run([*refused, "nowhere"], cwd=ROOT, check=False, capture_output=True)
    assert (ended.returncode, ended.stdout) == (2, b"")


@pytest.mark.slow
def test_signs_that_the_terminal_lacks_are_replaced() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "experiments", "show", "softmax_mnist"]
    shown = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=True
    ).stdout
    assert b"28?28?1" in shown  # 28×28×1
