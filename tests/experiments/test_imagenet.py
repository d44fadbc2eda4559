"""The ImageNet experiments with narrow nets on a small set of streamed pictures."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from prepared import photographs, store_photographs

import dl
from dl.cli.catalog import Catalog
from dl.data.load import describe_data
from dl.layers.precision import computing_in
from dl.runs.evaluate import evaluate_run
from dl.runs.run import resume_run, start_run
from dl.train.interrupt import StopRequest

CATALOG = Catalog("experiments")
CLASSES = 7
SMALL: dict[str, dict[str, Any]] = {
    "alexnet_imagenet": {"width": 1 / 48, "image_size": 67},
    "resnet50_imagenet": {"width": 1 / 16, "image_size": 32, "depth": 18},
}


@pytest.fixture(scope="module", autouse=True)
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("prepared")
    store_photographs(
        folder,
        {"train": photographs(16, CLASSES), "validation": photographs(6, CLASSES, seed=1)},
        classes=CLASSES,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFDS_DATA_DIR", str(folder))
        yield


def options(name: str, **changes: Any) -> Any:
    small = {
        "dataset": "tiny",
        "epochs": 2,
        "batch_size": 4,
        "devices": 1,
        "log_every": 3,
        "warm_up_epochs": 1,
    }
    return CATALOG.load(name).options(**{**small, **SMALL[name], **changes})


def run(name: str, folder: Path, *, stop: Any = None, **changes: Any) -> Any:
    start = stop or StopRequest()
    return start_run(
        CATALOG.load(name), options(name, **changes), run_dir=folder, stop=start, show=False
    )


class StopAfter(StopRequest):
    """Asks to stop when it is read for the n-th time."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    @property
    def requested(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def bits(folder: Path) -> list[bytes]:
    loaded = dl.load(folder)
    return [
        np.asarray(leaf).tobytes() for leaf in jax.tree.leaves((loaded.params, loaded.model_state))
    ]


@pytest.mark.slow
def test_alexnet_stopped_and_resumed_equals_an_uninterrupted_run(tmp_path: Path) -> None:
    whole = run("alexnet_imagenet", tmp_path / "whole").result
    assert whole["steps"] == 8
    assert set(whole["metrics"]["test"]) == {"loss", "accuracy", "top5_accuracy"}
    assert whole["metrics"]["test"]["accuracy"] <= whole["metrics"]["test"]["top5_accuracy"]
    assert run("alexnet_imagenet", tmp_path / "parts", stop=StopAfter(5)).result is None
    assert (
        resume_run(tmp_path / "parts", stop=StopRequest(), show=False).result["metrics"]
        == whole["metrics"]
    )
    assert bits(tmp_path / "whole") == bits(tmp_path / "parts")
    lines = [
        (tmp_path / name / "metrics.jsonl").read_text().splitlines() for name in ("whole", "parts")
    ]
    values = [[line.partition('"examples_per_second"')[0] for line in each] for each in lines]
    assert values[0] == values[1]


@pytest.mark.slow
def test_two_steps_of_resnet_and_evaluation_on_another_set(tmp_path: Path) -> None:
    result = run("resnet50_imagenet", tmp_path / "run", epochs=1, train_examples=8).result
    assert result["steps"] == 2
    assert np.isfinite(result["metrics"]["test"]["loss"])
    metrics, _ = evaluate_run(tmp_path / "run", dataset="tiny")  # another for all that it knows
    assert metrics == pytest.approx(result["metrics"]["test"], rel=1e-5)


@pytest.mark.parametrize(
    ("name", "parameters"), [("alexnet_imagenet", 62_378_344), ("resnet50_imagenet", 25_557_032)]
)
def test_defaults_are_the_published_nets(name: str, parameters: int, tmp_path: Path) -> None:
    defaults = CATALOG.load(name).options()
    spec = describe_data(defaults.dataset, data_dir=tmp_path, image_size=defaults.picture_size)
    assert (spec.classes, spec.input_shape) == (1000, (defaults.image_size, defaults.image_size, 3))
    recipe = CATALOG.load(name).recipe(defaults, replace(spec, train_size=1_281_167))
    inputs = jax.ShapeDtypeStruct((2, *spec.input_shape), np.float32)
    params, model_state = jax.eval_shape(recipe.model.init, jax.random.key(0), inputs)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == parameters
    assert {leaf.dtype for leaf in jax.tree.leaves((params, model_state))} == {np.dtype(np.float32)}
    with computing_in(defaults.precision):
        traced = jax.make_jaxpr(lambda *args: recipe.model.apply(*args)[0])(
            params, model_state, inputs
        )
    assert (traced.out_avals[0].shape, traced.out_avals[0].dtype) == ((2, 1000), np.float32)
    assert {"f32", "bf16"} <= set(re.findall(r"[a-z]+\d+", str(traced))), (
        "computed in half precision"
    )


@pytest.mark.parametrize("name", SMALL)
def test_wrong_options(name: str) -> None:
    for wrong in (
        {"width": 0.0},
        {"label_smoothing": 1.0},
        {"warm_up_epochs": -1},
        {"momentum": 1.0},
    ):
        with pytest.raises(dl.InputError, match=next(iter(wrong))):
            options(name, **wrong)
