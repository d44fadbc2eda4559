"""What a run says while it trains: a line an epoch, a bar that fits, an honest time left."""

import hashlib
import io
import os
import re
import signal
import sys
import threading
from typing import Any

import pytest

import dl
import dl.runs.fit
import dl.train.progress
from dl.errors import InputError
from dl.train.interrupt import StopRequest, say_stopping
from dl.train.plan import Plan
from dl.train.progress import Progress
from dl.train.record import Record
from dl.train.signal_watch import SignalWatch

PLAN = Plan(steps_per_epoch=100, epochs=3, steps_per_call=50, log_every=50)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the time that the progress sees."""
    now = [0.0]
    monkeypatch.setattr(dl.train.progress.time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, seconds)


def follow(shown: Progress, *, plan: Plan = PLAN, start: int = 0) -> None:
    """A training without a net: the calls and records of `plan` from step `start`."""
    step = start
    while step < plan.total_steps:
        step = plan.call_end(step)
        epoch = step / plan.steps_per_epoch
        if plan.records_after(step):
            shown.record(Record(step, epoch, "train", {"accuracy": 0.5, "loss": 0.25}, 1234.0))
        if plan.evaluates_after(step):
            shown.record(Record(step, epoch, "validation", {"accuracy": 0.6, "loss": 0.125}))
        shown.advance(step)


def printed(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, columns: int = 80) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    with Progress(PLAN) as shown:
        shown.begin(0)
        follow(shown)
    return stream.getvalue()


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_keeps_a_line_an_epoch_and_nothing_is_wider(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    lines = re.split(r"[\r\n]", printed(monkeypatch, Terminal(), columns))
    assert max(map(len, lines)) < columns
    epochs = [line for line in lines if line.startswith("epoch") and "|" not in line]
    assert [line.split()[1] for line in epochs] == ["1/3", "2/3", "3/3"]
    assert all("train accuracy 0.5000 loss 0.2500" in line for line in epochs)
    held_out = "validation 0.6000 0.1250" if columns == 80 else "validation accuracy 0.6000 loss"
    assert all(held_out in line for line in epochs)
    assert any("train accuracy 0.5" in line for line in lines if "|" in line), "beside the bar"


def test_without_a_terminal_there_is_a_line_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *epochs = printed(monkeypatch, io.StringIO()).splitlines()
    assert first.startswith("compiling")
    assert [line.split()[1] for line in epochs] == ["1/3", "2/3", "3/3"]
    assert epochs[0].endswith(
        "train accuracy 0.5000 loss 0.2500  validation accuracy 0.6000 loss 0.1250  "
        "1,234 examples/s"
    )


def test_a_long_epoch_is_not_silent(capsys: pytest.CaptureFixture[str], clock: Any) -> None:
    with Progress(PLAN) as shown:
        clock(31.0)
        shown.record(Record(50, 0.5, "train", {"loss": 0.25}))
        shown.record(Record(60, 0.6, "train", {"loss": 0.25}))
    assert "epoch 0.50/3  step 50  train loss 0.2500\n" in capsys.readouterr().err


def test_very_many_epochs_have_a_hundred_lines(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(steps_per_epoch=1, epochs=1000, steps_per_call=1, log_every=100)
    with Progress(plan) as shown:
        follow(shown, plan=plan)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 100
    assert lines[-1].startswith("epoch 1000/1000")


def test_the_time_left_counts_from_after_compiling(
    monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    told: list[float | None] = []
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(
        dl.train.progress, "bar_text", lambda seconds, *_, **__: str(told.append(seconds))
    )
    with Progress(PLAN) as shown:
        shown.begin(200)
        clock(1000.0)  # compiled, and the first call made
        shown.advance(210)
        clock(1001.0)
        shown.advance(220)
    assert told == [None, pytest.approx(8.0)]


def test_compiling_is_said_before_anything_is_compiled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise InputError("compiled too early")

    monkeypatch.setattr(dl.runs.fit, "_first_training", lambda *_, **__: None)
    monkeypatch.setattr(dl.runs.fit, "with_best_steps_per_call", fail)
    model = dl.models.mlp(1, hidden_sizes=(4,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    options = dl.TrainOptions(batch_size=4, validation=0.0)
    with pytest.raises(InputError, match="too early"):
        dl.fit(recipe, dl.load_data("xor"), options)
    assert capsys.readouterr().err.startswith("compiling")


def test_signals_are_answered_while_the_main_thread_computes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As while XLA compiles: no handler of Python's runs before the computation ends."""
    order: list[str] = []

    def announce(number: int) -> None:
        order.append("announced")
        say_stopping(number)
        os.kill(os.getpid(), signal.SIGINT)

    with StopRequest(lambda: order.append("insisted"), announce) as stop:
        timer = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000)
        order.append("computed")
        timer.join()
    assert order == ["announced", "insisted", "computed"]
    assert stop.exit_code == 130
    assert "SIGINT: stopping after what is being computed; Ctrl-C again" in capsys.readouterr().err


def test_of_two_watches_the_inner_hears_and_then_the_outer() -> None:
    heard: list[str] = []
    came = threading.Event()

    def hear(name: str) -> Any:
        return lambda number: (heard.append(name), came.set())

    before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        with SignalWatch(hear("outer")):
            with SignalWatch(hear("inner")):
                signal.raise_signal(signal.SIGTERM)
                assert came.wait(5)
            came.clear()
            signal.raise_signal(signal.SIGTERM)
            assert came.wait(5)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == ["inner", "outer"]


def test_another_library_s_wake_up_is_left_alone() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    try:
        with SignalWatch(lambda number: None):
            assert signal.set_wakeup_fd(writer) == writer
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)
