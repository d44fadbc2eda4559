"""What is printed on a terminal that does not have every sign."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_signs_that_the_terminal_lacks_are_replaced() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "experiments", "show", "softmax_mnist"]
    shown = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=True
    ).stdout
    assert b"28?28?1" in shown  # 28×28×1
