"""The pictures of the lectures' own demonstrations."""

from docs.pictures.picture import Picture

PICTURES: dict[str, Picture] = {}
