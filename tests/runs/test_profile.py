"""`run --profile` leaves a trace of some steps that Perfetto and TensorBoard open, and changes
nothing else.
"""

import gzip
import json
from pathlib import Path

import pytest

from dl.runs.experiment import load_experiment
from dl.runs.run import start_run
from dl.train.interrupt import StopRequest

MOONS = load_experiment("experiments.logistic_moons")


def run(folder: Path, **changes: object) -> None:
    options = MOONS.options(epochs=6, batch_size=50, devices=1, steps_per_call=4)
    start_run(MOONS, options, run_dir=folder, stop=StopRequest(), show=False, **changes)


@pytest.mark.slow
def test_trace_is_written_and_the_numbers_are_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "plain")
    run(tmp_path / "profiled", profile=True)
    (trace,) = (tmp_path / "profiled" / "profile").rglob("perfetto_trace.json.gz")
    with gzip.open(trace, "rt", encoding="utf-8") as file:
        assert len(json.load(file)["traceEvents"]) > 100
    assert list(trace.parent.glob("*.xplane.pb"))
    assert str(trace) in capsys.readouterr().err
    results = [
        json.loads((tmp_path / name / "result.json").read_text()) for name in ("plain", "profiled")
    ]
    assert results[0]["metrics"] == results[1]["metrics"]
    assert not (tmp_path / "plain" / "profile").exists()
