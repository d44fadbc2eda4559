"""Caption files in COCO's format: JSON with the pictures and the captions that people gave them.

{"images": [{"id": 7, "file_name": "7.jpg"}, ...],
 "annotations": [{"image_id": 7, "caption": "A cat on a mat."}, ...]}
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from dl.data.naming import shown
from dl.data.text.part_files import part_of
from dl.errors import InputError

_FOLDERS = (".", "annotations")


class Listed(NamedTuple):
    """A picture that a caption file names, and its captions."""

    file_name: str
    captions: tuple[str, ...]


def caption_files(root: Path) -> dict[str, Path]:
    """The caption file of each part, in the folder itself or in its `annotations`.

    The part is the one that a file's name holds, such as `captions_train2017.json`. A single file
    is the training part. If some files are called captions, others are passed over.

    Raises:
        InputError: for a folder without such files, two for one part, and none for training.
    """
    found = [file for folder in _FOLDERS for file in sorted((root / folder).glob("*.json"))]
    found = [file for file in found if "caption" in file.name.lower()] or found
    if not found:
        raise InputError(
            f"{root} has no caption file: put one in COCO's format there, or into annotations/, "
            "such as captions_train.json"
        )
    if len(found) == 1:
        return {"train": found[0]}
    parts: dict[str, Path] = {}
    for file in found:
        part = part_of(file.name)
        if part in parts:
            raise InputError(
                f"{root} has two caption files for {part}: {parts[part].name} and "
                f"{file.name}: leave one there"
            )
        if part is not None:
            parts[part] = file
    if "train" not in parts:
        raise InputError(
            f"{root} has no caption file for training, of {', '.join(f.name for f in found)}: name "
            "the parts train, val and test, such as captions_train.json"
        )
    return parts


def read_coco(file: Path) -> list[Listed]:
    """The pictures of a caption file that have captions, in its order.

    Raises:
        InputError: for a file that is no JSON, or not in this format; for captions of pictures that
            it does not list.
    """
    content = _read_json(file)
    captions: dict[Any, list[str]] = {}
    names: dict[Any, str] = {}
    for place, image in enumerate(content["images"]):
        number, name = _entries(image, ("id", "file_name"), f"{file}, images[{place}]")
        if number in names:
            raise InputError(f"{file}: two images have the id {shown(number)}: give each its own")
        names[number], captions[number] = _text(name, f"{file}, images[{place}].file_name"), []
    lost = []
    for place, annotation in enumerate(content["annotations"]):
        where = f"{file}, annotations[{place}]"
        number, caption = _entries(annotation, ("image_id", "caption"), where)
        if number in captions:
            captions[number].append(_text(caption, f"{where}.caption"))
        else:
            lost.append(number)
    if lost:
        raise InputError(
            f"{file} has {len(lost)} captions of images that it does not list, such as the image "
            f"{shown(lost[0])}: list them, or leave the captions out"
        )
    listed = [Listed(names[number], tuple(own)) for number, own in captions.items() if own]
    if not listed:
        raise InputError(f"{file} has no captions: give a file with some")
    return listed


def _read_json(file: Path) -> dict[str, list[Any]]:
    try:
        content = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is no JSON in UTF-8 ({error}): give a caption file") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    for key in ("images", "annotations"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise InputError(f'{file} has no list "{key}": give a caption file in COCO\'s format')
    return content


def _entries(given: Any, keys: tuple[str, str], where: str) -> tuple[Any, Any]:
    """The entries of an object: a number or text that names an image, and another one."""
    values = [given.get(key) if isinstance(given, dict) else None for key in keys]
    for key, value in zip(keys, values, strict=True):
        if isinstance(value, float):
            raise InputError(f"{where}.{key} is {value}: write ids as whole numbers, texts as text")
        if not isinstance(value, int | str):
            raise InputError(f'{where} has no "{key}": give a caption file in COCO\'s format')
    return values[0], values[1]


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{where} is {shown(value)}, which is no text")
    return value
