"""A training made in code is saved as a run that everything else takes."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.runs.evaluate import evaluate_run
from dl.runs.run import resume_run
from dl.train.interrupt import StopRequest
from dl.train.listener import Listener
from experiments import logistic_moons

OPTIONS = logistic_moons.Options(epochs=2, validation=0.1, devices=1)


def fitted(options: logistic_moons.Options = OPTIONS, **how: object) -> dl.Trained:
    data = dl.load_data("moons", validation=0.1)
    recipe = logistic_moons.build(options, data.spec)
    return dl.fit(recipe, data, options, progress=False, **how)


def test_what_is_saved_is_loaded_with_the_same_bits(tmp_path: Path) -> None:
    trained = fitted()
    folder = trained.save(tmp_path / "run")
    loaded = dl.load(folder)
    for name, values in trained.params.items():
        for kind, array in values.items():
            np.testing.assert_array_equal(loaded.params[name][kind], array)
    assert loaded.history == trained.history
    assert loaded.curve("validation", "loss") == trained.curve("validation", "loss")
    assert not loaded.interrupted
    inputs = trained.open_data().test.inputs[:4]
    np.testing.assert_array_equal(loaded.outputs(inputs), trained.outputs(inputs))
    assert loaded.evaluate("test") == trained.evaluate("test") == evaluate_run(folder)[0]


def test_an_interrupted_training_is_saved_and_resumed_to_the_bits_of_a_whole_one(
    tmp_path: Path,
) -> None:
    def stop(record: dl.Record) -> None:
        if not stopped:
            stopped.append(record)
            signal.raise_signal(signal.SIGINT)

    stopped: list[dl.Record] = []
    whole, part = fitted(), fitted(on_record=stop)
    assert part.interrupted
    folder = part.save(tmp_path / "run")
    assert resume_run(folder, stop=StopRequest(), show=False).result is not None
    loaded = dl.load(folder)
    np.testing.assert_array_equal(
        loaded.params["output"]["kernel"], whole.params["output"]["kernel"]
    )
    assert [record.values for record in loaded.history] == [
        record.values for record in whole.history
    ]


def test_what_cannot_be_built_again_is_not_saved(tmp_path: Path) -> None:
    data = dl.load_data("moons", validation=0.1)
    model = dl.models.mlp(1, hidden_sizes=(3,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    plain = dl.TrainOptions(dataset="moons", epochs=1, batch_size=50, devices=1)
    own = dl.fit(recipe, data, plain, progress=False)
    with pytest.raises(InputError, match="not the options of an experiment: put Options and build"):
        own.save(tmp_path / "a")
    with pytest.raises(InputError, match="builds another recipe than the one that was trained"):
        replace(own, options=OPTIONS).save(tmp_path / "b")
    with pytest.raises(InputError, match="are other data than those"):
        replace(fitted(), options=replace(OPTIONS, validation=0.2)).save(tmp_path / "c")
    assert not any(tmp_path.iterdir())


def test_a_listener_hears_nothing_unless_it_overrides() -> None:
    listener = Listener()
    assert listener.on_call(3) is listener.on_checkpoint(None, 3) is None
    assert listener.on_best(None, 3) is None
    assert not listener.stop_requested()


def test_a_folder_of_version_0_1_0_is_read_and_one_of_a_later_format_refused(
    tmp_path: Path,
) -> None:
    folder = fitted().save(tmp_path / "run")
    config = folder / "config.json"
    stored = json.loads(config.read_text())
    options = {**stored["options"]}
    options["scan_steps"] = options.pop("steps_per_call")
    chosen = {**stored["chosen"]}
    chosen["chunk_steps"] = chosen.pop("steps_per_call")
    config.write_text(json.dumps({**stored, "format": 1, "options": options, "chosen": chosen}))
    assert dl.load(folder).options == OPTIONS
    config.write_text(json.dumps({**stored, "format": 3}))
    with pytest.raises(InputError, match="format 3, this version reads 1 and 2: use the version"):
        dl.load(folder)
