"""`dl.fit` in two processes that have joined by themselves, as a launcher of others starts them."""

import json
import os
import subprocess
import sys

import pytest
from process_group import ROOT, free_port

WORK = """
import json, sys
import jax

number, port = sys.argv[1:]
jax.config.update("jax_num_cpu_devices", 2)
jax.config.update("jax_cpu_collectives_implementation", "gloo")
jax.distributed.initialize(f"127.0.0.1:{port}", 2, int(number))

import dl

data = dl.load_data("moons")
model = dl.models.mlp(data.spec.classes, hidden_sizes=(8,))
recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.adam(0.01))
options = dl.TrainOptions(dataset="moons", epochs=2, batch_size=32, validation=0.0)
trained = dl.fit(recipe, data, options, progress=False)
answers = trained.probabilities(data.test.gather([0])["inputs"]).tolist()
print(json.dumps([trained.evaluate("test"), answers]))
"""


@pytest.mark.slow
def test_two_processes_train_evaluate_and_predict_alike() -> None:
    port = str(free_port())
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    environment.pop("JAX_NUM_CPU_DEVICES", None)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, str(number), port],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    try:
        # Gloo writes lines of its own before.
        lines = [process.communicate(timeout=300)[0].splitlines()[-1] for process in started]
    finally:
        for process in started:
            process.kill()  # one that waits for the other, if that has failed
    said = [json.loads(line) for line in lines]
    assert said[0] == said[1]
    assert said[0][0]["accuracy"] > 0.6
