"""Pictures from a folder: 1,024 JPEGs of 256×256 decoded, halved, shuffled, batched; no net.

"dl" decodes them while they are used, as it does for sets larger than memory, "dl reading" all of
them into memory. PyTorch's `DataLoader` decodes them with Pillow too, in a process for each core or
in its own. All read files that the system has just written, so no disk is measured.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Workload
from benchmarks.systems import batches

UNIT = "pictures/s"
COUNT, FEW, STORED, SIDE, BATCH, CLASSES = 1_024, 64, 256, 128, 32, 4
_held: list[tempfile.TemporaryDirectory] = []  # folders live as long as the process


def with_dl(quick: bool) -> Workload:
    from dl.data.parts import dataset_of_records
    from dl.data.readers.folder_listing import list_parts

    part = list_parts(make_folder(quick)).train
    data = dataset_of_records(
        "generated", part, part, shape=(SIDE, SIDE, 3), class_names=part.classes
    )
    return batches.dl_workload(data, batch_size=BATCH)


def with_dl_reading(quick: bool) -> Workload:
    import dl

    folder = make_folder(quick)
    count = sum(1 for _ in folder.glob("*/*.jpg"))
    return batches.reading_workload(
        lambda: dl.load_data(f"folder:{folder}", image_size=(SIDE, SIDE)), count
    )


def with_torch(quick: bool) -> Workload:
    return batches.torch_workload(Folder(make_folder(quick)), batch_size=BATCH)


def with_torch_alone(quick: bool) -> Workload:
    return batches.torch_workload(Folder(make_folder(quick)), batch_size=BATCH, workers=0)


SYSTEMS = {
    "dl": with_dl,
    "dl reading": with_dl_reading,
    "torch": with_torch,
    "torch without workers": with_torch_alone,
}


class Folder:
    """The files of a folder as PyTorch's examples: a picture [H, W, 3] and the class."""

    def __init__(self, folder: Path) -> None:
        self.files = sorted(folder.glob("*/*.jpg"))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        from PIL import Image

        file = self.files[index]
        with Image.open(file) as picture:
            small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        return np.array(small), int(file.parent.name)


def make_folder(quick: bool) -> Path:
    """A new folder with a folder of pictures for each class."""
    from PIL import Image

    _held.append(tempfile.TemporaryDirectory())
    folder = Path(_held[-1].name)
    for number in range(CLASSES):
        (folder / str(number)).mkdir()
    for number, picture in enumerate(batches.smooth_pictures(FEW if quick else COUNT, STORED)):
        Image.fromarray(picture).save(folder / str(number % CLASSES) / f"{number}.jpg", quality=90)
    return folder
