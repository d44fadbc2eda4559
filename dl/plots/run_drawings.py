"""From a run to a figure: what each picture of a run is computed from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import jax
import numpy as np

import dl.inspect as inspect
from dl.assess.binary import BinaryReport
from dl.assess.classification import ClassificationReport
from dl.assess.regression import RegressionReport
from dl.data.example import traced_inputs
from dl.errors import InputError, did_you_mean
from dl.inspect.cost.drawing import draw_model
from dl.inspect.recurrence.text_gates import calls_of_text
from dl.plots.architecture import architecture
from dl.plots.calibration import reliability_diagram
from dl.plots.cells import cell_diagram
from dl.plots.codes import code_space, fantasies, reconstructions
from dl.plots.confusion_matrix import confusion
from dl.plots.layer_maps import feature_maps, filters
from dl.plots.learning_curves import History, curves
from dl.plots.overlays import occlusion, saliency
from dl.plots.receptive import receptive_fields
from dl.plots.recurrent_nets import gates, gradient_reach
from dl.plots.run_subject import Subject, differing_options
from dl.plots.worst_mistakes import mistakes
from dl.reports.horizon import horizons_of_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LAYERS = 6
"""At most so many layers have their maps drawn, unless they are named."""


class Asked(NamedTuple):
    """What a picture of a run was asked to show; None and () stand for its own choice."""

    part: str = "test"
    example: int | None = None
    layers: tuple[str, ...] = ()
    text: str = ""

    def examples(self, count: int) -> list[int]:
        """The example that was asked for, or the first `count`."""
        return list(range(count)) if self.example is None else [self.example]


def draw_curves(asked: Asked, *runs: Subject) -> "Figure":
    """Runs that differ in their seeds alone are one curve with a band."""
    groups: dict[str, list[History]] = {}
    for run, options in zip(runs, differing_options([each.config for each in runs]), strict=True):
        words = ", ".join(
            str(value) if name == "experiment" else f"{name.replace('_', ' ')} {value}"
            for name, value in options.items()
        )
        groups.setdefault(words if len(words) <= 40 else run.name, []).append(run.records)
    return curves(groups)


def draw_confusion(asked: Asked, run: Subject) -> "Figure":
    """The confusion matrix of a part."""
    report = run.trained.report(asked.part, data=run.data)
    assert isinstance(report, ClassificationReport | BinaryReport)
    return confusion(report)


def draw_calibration(asked: Asked, run: Subject) -> "Figure":
    """The reliability diagram of a part."""
    report = run.trained.report(asked.part, data=run.data)
    assert not isinstance(report, RegressionReport)
    return reliability_diagram(report.calibration)


def draw_mistakes(asked: Asked, run: Subject) -> "Figure":
    """Inputs that are pictures are drawn; of others there is a table with their names."""
    report = run.trained.report(asked.part, data=run.data)
    assert isinstance(report, ClassificationReport)
    if not run.sees_pictures or not report.mistakes:
        return mistakes(report)
    wrong = [each.index for each in report.mistakes]
    return mistakes(report, list(run.examples(asked.part, wrong)[0]))


def draw_filters(asked: Asked, run: Subject) -> "Figure":
    """The first convolution or the named one; without convolutions, dense layers on pixels."""
    kernels = inspect.filters(run.net) or inspect.dense_filters(run.net)
    name = _one_layer(asked, list(kernels))
    return filters(kernels[name], name=name)


def draw_feature_maps(asked: Asked, run: Subject) -> "Figure":
    """The first example and its maps, in layers evenly spread from the first to the last."""
    (picture,), _ = run.examples(asked.part, asked.examples(1))
    known = [row.name for row in run.layers if len(row.output_shape) == 3]
    chosen = _named_layers(asked, known) or _spread(known, _LAYERS)
    maps = inspect.feature_maps(run.net, picture[None], layers=chosen)
    title = f"{run.spec.name}, {asked.part}"
    return feature_maps(picture, {name: each[0] for name, each in maps.items()}, title=title)


def draw_saliency(asked: Asked, run: Subject) -> "Figure":
    """The first five examples, each with the net's answer as its title."""
    pictures, _ = run.examples(asked.part, asked.examples(5))
    return saliency(pictures, inspect.saliency(run.net, pictures), titles=_answers(run, pictures))


def draw_occlusion(asked: Asked, run: Subject) -> "Figure":
    """The patch is a quarter of the picture's shorter side, and moves by a fourteenth of it."""
    pictures, _ = run.examples(asked.part, asked.examples(5))
    side = min(pictures.shape[1:3])
    patch, stride = max(1, side // 4), max(1, side // 14)
    scores = inspect.occlusion(run.net, pictures, patch=patch, stride=stride)
    _, whole = inspect.class_scores(run.net, pictures)
    titles = _answers(run, pictures)
    return occlusion(pictures, scores, whole, patch=patch, stride=stride, titles=titles)


def draw_gates(asked: Asked, run: Subject) -> "Figure":
    """The first recurrent layer, while it reads the given text or one of the data."""
    text = asked.text or run.text(asked.part, asked.example)
    layers = {each.name: each for each in inspect.text_gates(run.net, text)}
    name = _one_layer(asked, list(layers))
    return gates(layers[name])


def draw_cell(asked: Asked, run: Subject) -> "Figure":
    """At the last symbol, of the unit whose hidden state varies most over the text."""
    text = asked.text or run.text(asked.part, asked.example)
    found, symbols = calls_of_text(run.net, text)
    calls = {call.name: call for call in found}
    name = _one_layer(asked, list(calls))
    kind, params, xs = calls[name][1:4]
    hidden = inspect.gate_activations(kind, params, xs)["hidden"]
    unit = int(np.argmax(np.std(hidden[:, 0], axis=0)))
    symbol = symbols[0] if calls[name].reverse else symbols[-1]
    return cell_diagram(inspect.cell_step(kind, params, xs, unit=unit), symbol=repr(symbol))


def draw_architecture(asked: Asked, run: Subject) -> "Figure":
    """The layers of the model, traced for one input."""
    return architecture(draw_model(run.model, traced_inputs(run.spec)))


def draw_receptive_fields(asked: Asked, run: Subject) -> "Figure":
    """The middle unit of the last map, and the units below it in layers evenly spread."""
    (picture,), _ = run.examples(asked.part, asked.examples(1))
    seen = inspect.fields_of_unit(inspect.summarize(run.model, run.spec.input_shape))
    layers = _named_layers(asked, [each.layer for each in seen])
    chosen = layers or _spread([each.layer for each in seen], _LAYERS)
    return receptive_fields(picture, [each for each in seen if each.layer in chosen])


def draw_gradient_reach(asked: Asked, *runs: Subject) -> "Figure":
    """Every recurrent layer of every run, trained and at initialisation."""
    trained, initial = {}, {}
    for run in runs:
        found = horizons_of_run(run.name, checkpoint=run.checkpoint, package=run.package)
        for layer in found:
            several = len(found) > 1
            own = f"{layer.kind} {layer.name}" if several else layer.kind
            name = own if own not in trained else f"{own} of {run.name}"
            trained[name], initial[name] = layer.trained.gradients, layer.initial.gradients
    return gradient_reach(trained, initial=initial)


def draw_reconstructions(asked: Asked, run: Subject) -> "Figure":
    """The first eight examples and their reconstructions, as grey values from 0 to 1."""
    pictures, _ = run.examples(asked.part, asked.examples(8))
    std, mean = (np.asarray(each, np.float32) for each in (run.spec.std, run.spec.mean))
    scale = 255 if pictures.dtype == np.uint8 else 1
    return reconstructions(pictures / scale, np.asarray(run.net.outputs(pictures)) * std + mean)


def draw_code_space(asked: Asked, run: Subject) -> "Figure":
    """All examples of a part, coloured by class where they have classes."""
    part, net = run.data.part(asked.part), run.net
    codes = inspect.encode(net.autoencoder, net.params, part.inputs, run.spec)
    if not run.spec.kind.chooses:
        return code_space(codes)
    return code_space(codes, part.targets, class_names=run.spec.class_names)


def draw_fantasies(asked: Asked, run: Subject) -> "Figure":
    """From chains that begin at data, where a net trained by CD-1 draws what it learned."""
    start, _ = run.examples(asked.part, range(16))
    return fantasies(inspect.fantasies(run.net, jax.random.key(0), start=start, steps=100))


def _named_layers(asked: Asked, known: Sequence[str]) -> list[str]:
    for name in asked.layers:
        if name not in known:
            raise InputError(f"there is no layer {name!r} to draw; {did_you_mean(name, known)}")
    return list(asked.layers)


def _one_layer(asked: Asked, known: Sequence[str]) -> str:
    """The layer that was asked for, or the first."""
    chosen = _named_layers(asked, known) or known[:1]
    if len(chosen) > 1:
        raise InputError(f"this picture shows one layer, not {len(chosen)}: name one of them")
    return chosen[0]


def _spread(names: Sequence[str], most: int) -> list[str]:
    """At most `most` of the names, evenly spread, with the first and the last."""
    places = np.linspace(0, len(names) - 1, min(most, len(names))).round().astype(int)
    return [names[int(place)] for place in places]


def _answers(run: Subject, pictures: np.ndarray) -> list[str]:
    return [str(label) for label in run.net.predict(pictures).labels]
