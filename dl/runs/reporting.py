"""The report on a trained net's predictions for a part of its data, by its task."""

from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from dl.assess.binary import BinaryReport, binary_report
from dl.assess.classification import ClassificationReport, classification_report
from dl.assess.regression import RegressionReport, regression_report
from dl.assess.symbols import SymbolReport, symbol_report
from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.arrays import ArraySource
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.source import Source
from dl.data.sources.streamed import StreamedSource
from dl.errors import InputError
from dl.train.answers import collect
from dl.train.network import Network
from dl.types import Array, Autoencoder, Batch

AnyReport: TypeAlias = ClassificationReport | BinaryReport | RegressionReport | SymbolReport
Answers = dict[str, np.ndarray]
MOST_OUTPUTS = 2**28
"""Outputs of all examples together; in float64 they take 2 GiB."""
_TEXT = 40


def report_on(network: Network, data: Dataset, part: str, *, batch_size: int) -> AnyReport:
    """The report on the predictions of `network` for a part of `data`, of the kind of its task.

    Classes: `ClassificationReport`. Yes-or-no outputs, also at every step of sequences:
    `BinaryReport`. Numbers: `RegressionReport`. Next symbols: `SymbolReport`. Probabilities are
    made from the outputs in float64.

    Raises:
        InputError: when there is no such part, for an auto-encoder and a transcription, and when
            all outputs together would not fit in memory.
    """
    answers = answers_of(network, data, part, batch_size=batch_size)
    return report_on_answers(answers, data, part)


def report_on_answers(answers: Answers, data: Dataset, part: str) -> AnyReport:
    """The report on the answers for a part of `data`, as `answers_of` gives them."""
    spec, write = data.spec, _KINDS[data.spec.task][1]
    return write(answers, spec, data.part(part), f"{spec.name}, {part}")


def answers_of(network: Network, data: Dataset, part: str, *, batch_size: int) -> Answers:
    """What a report needs of the outputs for every example of a part, by the task of the data.

    Raises:
        InputError: as `report_on`.
    """
    if isinstance(network.model, Autoencoder):
        raise InputError(
            f"{network.model.name} gives its inputs again, which has no report: "
            "dl.inspect.assess has its figures"
        )
    spec, source = data.spec, data.part(part)
    if not has_report(spec):
        raise InputError(
            f"{spec.name} is transcribed, which has its label error and no other report: leave it "
            "out, or look at single recordings with `transcribe`"
        )
    pick = _KINDS[spec.task][0]
    predictions = _count_predictions(source, spec)
    if pick is _outputs and predictions * spec.classes > MOST_OUTPUTS:
        raise InputError(
            f"the {part} part of {spec.name} has {predictions:,} × {spec.classes:,} outputs, and a "
            f"report holds at most {MOST_OUTPUTS:,}: report on a smaller part"
        )
    return collect(
        network.model,
        network.params,
        network.model_state,
        data,
        part,
        pick=pick,
        batch_size=batch_size,
        precision=network.precision,
    )


def has_report(spec: DataSpec) -> bool:
    """Whether there is a report on the answers of a net for such data."""
    return spec.task in _KINDS


def _count_predictions(source: Source, spec: DataSpec) -> int:
    """One for each example, or for each step of the sequences."""
    if spec.has_step_targets and isinstance(source, RaggedSource):
        return int(source.lengths.sum())
    return len(source)


def _outputs(outputs: Array, batch: Batch) -> dict[str, Array]:
    return {"outputs": outputs, "targets": batch["targets"]}


def _next_symbols(logits: Array, batch: Batch) -> dict[str, Array]:
    """A few numbers for each symbol [B, T], because V probabilities each would be too many."""
    targets = batch["targets"]
    logs = jax.nn.log_softmax(logits.astype(jnp.float32))
    own = jnp.take_along_axis(logs, targets[..., None], axis=-1)
    before = (logs == own) & (jnp.arange(logs.shape[-1]) < targets[..., None])
    return {
        "targets": targets,
        "answers": jnp.argmax(logs, axis=-1),
        "ranks": jnp.sum((logs > own) | before, axis=-1),
        "nats": -own[..., 0],
        "confidence": jnp.exp(jnp.max(logs, axis=-1)),
    }


def _on_classes(
    answers: Answers, spec: DataSpec, source: Source, name: str
) -> ClassificationReport:
    from scipy.special import softmax  # takes a while to load, and trainings need no report

    return classification_report(
        softmax(answers["outputs"].astype(np.float64), axis=-1),
        answers["targets"],
        class_names=spec.class_names,
        name=name,
        example_name=_naming(source, spec),
    )


def _on_yes_or_no(answers: Answers, spec: DataSpec, source: Source, name: str) -> BinaryReport:
    from scipy.special import expit

    probabilities = expit(answers["outputs"].astype(np.float64))
    return binary_report(
        probabilities, answers["targets"], output_names=spec.class_names, name=name
    )


def _on_numbers(answers: Answers, spec: DataSpec, source: Source, name: str) -> RegressionReport:
    return regression_report(
        answers["outputs"], answers["targets"], output_names=spec.class_names, name=name
    )


def _on_symbols(answers: Answers, spec: DataSpec, source: Source, name: str) -> SymbolReport:
    if spec.catalogue is not None:
        symbols = spec.catalogue.titles
    else:
        symbols = spec.text.symbols if spec.vocabulary else tuple(map(str, range(spec.classes)))
    return symbol_report(
        answers["targets"],
        answers["answers"],
        ranks=answers["ranks"],
        nats=answers["nats"],
        confidence=answers["confidence"],
        symbols=symbols,
        name=name,
    )


_KINDS: dict[str, tuple[Callable[..., dict[str, Array]], Callable[..., AnyReport]]] = {
    "classification": (_outputs, _on_classes),
    "binary": (_outputs, _on_yes_or_no),
    "frames": (_outputs, _on_yes_or_no),
    "regression": (_outputs, _on_numbers),
    "language": (_next_symbols, _on_symbols),
    "sequence": (_next_symbols, _on_symbols),
    "retrieval": (_next_symbols, _on_symbols),
}
"""For each task: what is kept of its outputs, and which report that becomes."""


def _naming(source: Source, spec: DataSpec) -> Callable[[int], str]:
    """What examples are called: pictures by their file, texts by their beginning, others not."""
    if isinstance(source, StreamedSource):
        return source.name_of
    if isinstance(source, ArraySource):
        return lambda index: source.names[index] if source.names else ""
    if isinstance(source, RaggedSource) and spec.vocabulary is not None:
        text = spec.text
        return lambda index: text.decode(source.inputs[index][: source.lengths[index]][:_TEXT])
    return lambda index: ""
