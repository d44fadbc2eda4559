"""What was read from a folder of pictures, in one line for people."""

from dl.data.dataset import Dataset
from dl.data.naming import some_of
from dl.data.readers.folder_content import readable
from dl.data.readers.folder_listing import Listing, Parts
from dl.data.readers.folder_pictures import Seen


def describe_parts(data: Dataset, parts: Parts, kept: dict[str, Listing], seen: Seen) -> str:
    """How many pictures and classes there are, where the parts come from, what is left out."""
    present = sorted({int(label) for part in kept.values() for label in part.labels})
    names = some_of([parts.train.classes[label] for label in present])
    count = sum(len(part) for part in kept.values())
    said = [
        f"{data.spec.name}: {_counted(count, 'picture')} of "
        f"{_counted(len(present), 'class', 'classes')} ({names}): "
        f"{_parts(data, parts, kept)}",
        *_unused(parts, kept),
        *_passed_over(kept),
    ]
    if seen.shallow:
        said.append(f"{seen.shallow} of 16 bits read as 12 or 8 bits deep, which hold their values")
    return "; ".join(said)


def _parts(data: Dataset, parts: Parts, kept: dict[str, Listing]) -> str:
    """The parts and their sizes, each with the folder that it comes from or the rule."""
    if "test" not in kept:
        return f"train and test alike, with all {len(kept['train'])}"
    train = f"train {len(data.train)}"
    if data.validation is not None and "validation" not in kept:
        train += f" and validation {len(data.validation)}"
    said = [train + _origin(parts, "train")]
    if data.validation is not None and "validation" in kept:
        said.append(f"validation {len(data.validation)}{_origin(parts, 'validation')}")
    test = "test" if "test" in parts.folders else "validation"
    where = _origin(parts, test) or " (a tenth of all, always the same)"
    return ", ".join([*said, f"test {len(data.test)}{where}"])


def _origin(parts: Parts, part: str) -> str:
    return f" from {readable(parts.folders[part].name)}/" if part in parts.folders else ""


def _unused(parts: Parts, kept: dict[str, Listing]) -> list[str]:
    """What lies beside the parts and is not used."""
    said = []
    if parts.validation is not None and "validation" not in kept:
        folder = readable(parts.folders["validation"].name)
        said.append(f"{folder}/ is only used with --validation 0")
    if parts.beside:
        said.append(f"left out: {some_of(parts.beside)}")
    return said


def _passed_over(kept: dict[str, Listing]) -> list[str]:
    loose, others = (_together(lists) for lists in zip(*map(_beside, kept.values()), strict=True))
    said = []
    if loose:
        said.append(f"left out {len(loose)} in no folder of a class: {some_of(loose)}")
    if others:
        said.append(f"passed over {len(others)}, no pictures: {some_of(others)}")
    return said


def _beside(part: Listing) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return part.loose, part.others


def _together(lists: tuple[tuple[str, ...], ...]) -> list[str]:
    of_files = {id(names): names for names in lists}  # parts cut from one share theirs
    return [name for names in of_files.values() for name in names]


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"
