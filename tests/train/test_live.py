"""Progress in a notebook: one output, drawn seldom, and never in the way of the training."""

import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import dl
import dl.train.live
import dl.train.pace
from dl.runs.experiment import load_experiment
from dl.runs.run import resume_run, start_run
from dl.train.interrupt import StopRequest
from dl.train.live import LiveProgress, follow
from dl.train.plan import Plan
from dl.train.progress import Progress
from dl.train.record import Record

PLAN = Plan(steps_per_epoch=100, epochs=3, steps_per_call=1, log_every=50)


class Output:
    """Stands in for IPython's `display`, and counts what it is given."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []
        self.outputs = 0
        self.broken = False

    def __call__(self, data: dict[str, str], *, raw: bool, display_id: bool) -> "Output":
        assert raw
        assert display_id
        self.outputs += 1
        return self.update(data, raw=raw)

    def update(self, data: dict[str, str], *, raw: bool) -> "Output":
        if self.broken:
            raise ConnectionError("the page is closed")
        self.shown.append(data)
        return self


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    """What a notebook would show."""
    display = Output()
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(dl.train.live, "in_notebook", lambda: True)
    return display


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(dl.train.live.time, "monotonic", lambda: now[0])
    return now


def test_one_output_is_drawn_at_most_twice_a_second(output: Output, clock: list[float]) -> None:
    with follow(PLAN) as shown:
        shown.begin(0)
        for step in range(1, 301):
            clock[0] += 0.01
            if step % 50 == 0:
                shown.record(Record(step, step / 100, "train", {"loss": 1 / step}))
            shown.advance(step)
    assert output.outputs == 1
    assert len(output.shown) <= 3.0 / 0.5 + 2
    assert "compiling" in output.shown[0]["text/plain"]
    assert " left" in output.shown[-2]["text/html"]


def test_drawings_that_take_long_come_seldom(
    output: Output, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training waits for its drawings for a fiftieth of its time at most."""

    def slow(records: Any, *, epochs: int) -> str:
        clock[0] += 0.2
        return ""

    monkeypatch.setattr(dl.train.live, "curves_html", slow)
    with follow(PLAN) as shown:
        shown.begin(0)
        for step in range(1, 300):
            clock[0] += 0.1
            shown.advance(step)
    assert len(output.shown) == 4  # at the begin, after 10 and 20 seconds, and at the end


def test_the_last_drawing_is_of_the_whole_training(output: Output, clock: list[float]) -> None:
    with follow(PLAN) as shown:
        shown.begin(0)
        for epoch in (1, 2, 3):
            shown.advance(100 * epoch)
            shown.record(Record(100 * epoch, float(epoch), "train", {"loss": 1 / epoch}))
    last = output.shown[-1]
    assert last["text/html"].count(" L") == 2
    assert last["text/plain"].splitlines() == [
        "epoch 3/3, step 300/300, done",
        "epoch 3/3  train loss 0.3333",
    ]


def test_a_training_that_ends_early_says_so(output: Output) -> None:
    with follow(PLAN) as shown:
        shown.begin(0)
        shown.advance(120)
    assert "epoch 2/3, step 120/300, stopped" in output.shown[-1]["text/html"]


def test_curves_of_a_resumed_training_begin_at_its_start(output: Output) -> None:
    with follow(PLAN) as shown:
        shown.begin(100, earlier=[Record(100, 1.0, "train", {"loss": 2.0})])
        shown.record(Record(200, 2.0, "train", {"loss": 1.0}))
    assert output.shown[-1]["text/html"].count(" L") == 1


@pytest.mark.slow
def test_curves_of_a_resumed_run_begin_with_the_records_that_it_keeps(
    output: Output, tmp_path: Path
) -> None:
    """Of four epochs the last is lost: its curves are those of a run that was never stopped."""
    moons = load_experiment("experiments.logistic_moons")
    options = moons.options(epochs=4, checkpoint_every=1, devices=1, steps_per_call=8)
    start_run(moons, options, run_dir=tmp_path / "run", stop=StopRequest())
    whole = output.shown[-1]["text/html"]
    (tmp_path / "run" / "result.json").unlink()
    newest = max((tmp_path / "run" / "checkpoints").iterdir(), key=lambda path: int(path.name))
    shutil.rmtree(newest)
    resume_run(tmp_path / "run", stop=StopRequest())
    resumed = output.shown[-1]["text/html"]
    assert resumed.partition("<svg")[2] == whole.partition("<svg")[2]
    assert "going on from step" in resumed


def test_what_is_said_is_escaped(output: Output) -> None:
    with follow(PLAN) as shown:
        shown.tell("<img src=x> is damaged")
    assert "&lt;img src=x&gt; is damaged" in output.shown[-1]["text/html"]


def test_other_places_and_silence_have_no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(follow(PLAN), Progress)
    monkeypatch.setattr(dl.train.live, "in_notebook", lambda: True)
    assert isinstance(follow(PLAN), LiveProgress)
    assert isinstance(follow(PLAN, show=False), Progress)


@pytest.fixture(scope="module")
def problem() -> tuple[Any, ...]:
    model = dl.models.mlp(1, hidden_sizes=(4,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    options = dl.TrainOptions(epochs=20, batch_size=4, validation=0.0, steps_per_call=2)
    return recipe, dl.load_data("xor"), options


def test_fit_learns_the_same_whether_it_is_shown_or_not(
    output: Output, problem: tuple[Any, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    silent = dl.fit(*problem, progress=False)
    assert output.shown == []
    shown = dl.fit(*problem)
    assert "step 20/20, done" in output.shown[-1]["text/html"]
    assert capsys.readouterr().err == ""
    equal = jax.tree.map(np.array_equal, silent.params, shown.params)
    assert all(jax.tree.leaves(equal))


def test_values_that_cannot_be_drawn_cost_a_warning(output: Output) -> None:
    """The distance of the two is more than a float can hold."""
    with follow(PLAN) as shown:
        for step, loss in ((1, -1.7e308), (2, 1.7e308)):
            shown.record(Record(step, step / 100, "train", {"loss": loss}))
        with pytest.warns(UserWarning, match="progress cannot be shown here: OverflowError"):
            shown.tell("the training goes on")
        shown.tell("and nothing more is said")
    assert not output.shown


def test_a_page_that_is_closed_costs_a_warning(output: Output, problem: tuple[Any, ...]) -> None:
    output.broken = True
    with pytest.warns(UserWarning, match="progress cannot be shown here: ConnectionError") as told:
        trained = dl.fit(*problem)
    assert len(told) == 1
    assert trained.step == 20
