"""Small sets of labelled pictures, prepared by TFDS as ArrayRecord."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Parts = dict[str, tuple[Sequence[np.ndarray] | np.ndarray, np.ndarray]]


def png(picture: np.ndarray) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def store(
    data_dir: Path,
    parts: Parts,
    *,
    features: Callable[[Any], dict[str, Any]] | None = None,
    **info: Any,
) -> Path:
    """Prepare a set `tiny` of `parts`: pictures [N, H, W, C] and labels [N]; returns its folder."""
    import tensorflow_datasets as tfds

    pictures, _ = next(iter(parts.values()))
    shape = pictures[0].shape
    described = (
        features(tfds.features)
        if features
        else {
            "image": tfds.features.Image(shape=shape),
            "label": tfds.features.ClassLabel(names=["no", "yes"]),
        }
    )

    class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "tiny"
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = None

        def _info(self) -> Any:
            keys = info.get("supervised_keys", ("image", "label"))
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(described), supervised_keys=keys
            )

        def _split_generators(self, dl_manager: Any) -> Any:
            return {part: self._generate_examples(*arrays) for part, arrays in parts.items()}

        def _generate_examples(self, pictures: np.ndarray, labels: np.ndarray) -> Any:
            for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
                yield index, {"image": png(picture), "label": label}

    builder = Tiny(data_dir=str(data_dir))
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    builder.download_and_prepare(download_config=config, file_format="array_record")
    return Path(builder.data_path)


def noise(
    count: int, shape: tuple[int, int, int] = (5, 4, 1), seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.integers(0, 256, (count, *shape), np.uint8), draw.integers(0, 2, count)


def photographs(
    count: int, classes: int = 2, channels: int = 3, seed: int = 0
) -> tuple[list[np.ndarray], np.ndarray]:
    """Pictures of many sizes, the brighter the higher their class."""
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    pictures = []
    for label in labels:
        height, width = draw.integers(20, 50, 2)
        ground = 255 * (label + 0.5) / classes
        pictures.append(
            np.clip(draw.normal(ground, 30, (height, width, channels)), 0, 255).astype(np.uint8)
        )
    return pictures, labels


def store_photographs(data_dir: Path, parts: Parts, *, classes: int = 2, channels: int = 3) -> Path:
    """Prepare a set `tiny` of pictures of many sizes; returns its folder."""
    return store(
        data_dir,
        parts,
        features=lambda kinds: {
            "image": kinds.Image(shape=(None, None, channels)),
            "label": kinds.ClassLabel(num_classes=classes),
        },
    )
