"""What runs on an accelerator: the one command for its table, and PyTorch's side on its device.

PyTorch's "meta" device stands for one: it computes nothing, and refuses arrays of a CPU.
"""

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cases import lstm_cudnn, translation
from benchmarks.catalog import load_benchmarks
from benchmarks.systems import on_torch
from benchmarks.worker import measure_one

ROOT = Path(__file__).resolve().parents[2]
ON_META = ["lenet_step", "resnet_step", "char_lstm_step", "population"]


def test_the_command_names_what_its_table_has() -> None:
    done = subprocess.run(
        ["sh", str(ROOT / "benchmarks" / "gpu.sh"), "--list"],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    names = {line.split()[0] for line in done.stdout.splitlines()}
    assert {"lenet_epoch", "lenet_mnist_fast", "resnet_epoch", "resnet50_step"} < names
    assert {"lstm_64x32x128", "lstm_cudnn_64x32x128", "translation"} < names


def test_cudnn_is_measured_at_the_shapes_of_the_loop() -> None:
    known = load_benchmarks()
    loop, library = (
        [one.name for one in known.values() if one.family == family]
        for family in ("lstm_layer", "lstm_cudnn")
    )
    assert [name.replace("cudnn_", "") for name in library] == loop
    assert lstm_cudnn.unavailable(True) in (None, "it needs an NVIDIA GPU")


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> Any:
    """PyTorch, whose benchmarks compute on its meta device."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch = pytest.importorskip("torch")
    monkeypatch.setattr(on_torch, "set_up", lambda: torch.device("meta"))
    return torch


@pytest.mark.slow
@pytest.mark.parametrize("name", ON_META)
def test_torch_s_side_keeps_to_its_device(meta: Any, name: str) -> None:
    assert measure_one(name, "torch", quick=True)["value"] > 0


def test_the_translator_keeps_to_its_device(meta: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Packing reads what the meta device does not have.
    packing = meta.nn.utils.rnn
    monkeypatch.setattr(packing, "pack_padded_sequence", lambda rows, lengths, **_: rows)
    monkeypatch.setattr(packing, "pad_packed_sequence", lambda rows, **_: (rows, None))
    network = translation.torch_network(8, 4).to("meta")
    source, previous = (meta.ones(2, steps, dtype=meta.long) for steps in (3, 4))
    outputs = network(source.to("meta"), meta.tensor([3, 2]), previous.to("meta"))
    assert outputs.shape == (2, 4, 8)
