"""In the kernel of a real notebook: the stop button, going on, figures, and no noise."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ipykernel", reason="notebooks need the `notebooks` extra")
ROOT = Path(__file__).resolve().parents[2]
Message = dict[str, Any]

SETUP = """
import time
from dataclasses import replace
import jax, numpy as np
import dl
model = dl.models.mlp(1, hidden_sizes=(4,))
recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
data = dl.load_data("xor")
options = dl.TrainOptions(epochs=1_000, batch_size=4, validation=0.0, steps_per_call=20)
"""
SLOW = "stopped = dl.fit(recipe, data, options, on_record=lambda record: time.sleep(0.01))"
GO_ON = """
resumed = dl.fit(recipe, data, options, resume=stopped, progress=False)
alone = dl.fit(recipe, data, options, progress=False)
same = jax.tree.leaves(jax.tree.map(np.array_equal, resumed.params, alone.params))
print(stopped.interrupted, 0 < stopped.step < 1000, resumed.interrupted, resumed.step, all(same))
"""


class Kernel:
    """A kernel as a notebook drives it."""

    def __init__(self, folder: Path) -> None:
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import KernelManager

        spec = folder / "kernels" / "tested"
        spec.mkdir(parents=True)
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (spec / "kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": "tested", "language": "python"})
        )
        specs = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
        self.manager = KernelManager(kernel_name="tested", kernel_spec_manager=specs)
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        environment = {**os.environ, "PYTHONPATH": path, "IPYTHONDIR": str(folder)}
        environment.pop("MPLBACKEND", None)
        self.manager.start_kernel(env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(
        self, code: str, hear: Callable[[Message], None] = lambda message: None
    ) -> list[Message]:
        """The messages that a cell sends; `hear` is called with each as it comes."""
        number, messages = self.client.execute(code), []
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != number:
                continue
            messages.append(message)
            hear(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return messages

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    started = Kernel(tmp_path_factory.mktemp("kernel"))
    assert not of_type(started.run(SETUP), "error", "stream")
    yield started
    started.close()


def of_type(messages: list[Message], *kinds: str) -> list[dict[str, Any]]:
    return [each["content"] for each in messages if each["msg_type"] in kinds]


@pytest.mark.slow
def test_the_stop_button_ends_fit_and_resume_goes_on(kernel: Kernel) -> None:
    pressed = []

    def press_stop(message: Message) -> None:
        html = message["content"].get("data", {}).get("text/html", "")
        if "train: accuracy" in html and not pressed:
            pressed.append(True)
            kernel.manager.interrupt_kernel()

    messages = kernel.run(SLOW, press_stop)
    assert pressed
    assert not of_type(messages, "error", "stream"), "neither a traceback nor lines of text"
    assert len(of_type(messages, "display_data")) == 1, "one output"
    last = of_type(messages, "update_display_data")[-1]["data"]
    assert "stopped" in last["text/html"]
    assert "<svg" in last["text/html"]
    (printed,) = of_type(kernel.run(GO_ON), "stream")
    assert printed["text"] == "True True False 1000 True\n"


@pytest.mark.slow
def test_a_figure_that_ends_a_cell_is_a_picture(kernel: Kernel) -> None:
    (drawn,) = of_type(kernel.run("dl.plots.examples(data, count=4)"), "execute_result")
    assert drawn["data"]["image/png"].startswith("iVBORw0KGgo")


@pytest.mark.slow
def test_a_progress_of_false_shows_nothing(kernel: Kernel) -> None:
    code = "quiet = dl.fit(recipe, data, replace(options, epochs=20), progress=False)"
    assert not of_type(
        kernel.run(f"from dataclasses import replace\n{code}"), "display_data", "stream"
    )
