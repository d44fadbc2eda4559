"""TIMIT's 61 phones, and the 48 and 39 kinds to which they are folded.

Source: Lee & Hon 1989, Speaker-independent phone recognition using hidden Markov models, table I.
"""

from typing import Literal

_NAMES = (
    "aa ae ah ao aw ax ax-h axr ay b bcl ch d dcl dh dx eh el em en eng epi er ey f g gcl h# hh hv "
    "ih ix iy jh k kcl l m n ng nx ow oy p pau pcl q r s sh t tcl th uh uw ux v w y z zh"
)
PHONES = tuple(_NAMES.split())
"""The phones of TIMIT's transcripts; a closure, as in `bcl`, is the silence before a burst."""
_TO_48 = {
    "ax-h": "ax",
    "axr": "er",
    "bcl": "vcl",
    "dcl": "vcl",
    "em": "m",
    "eng": "ng",
    "gcl": "vcl",
    "h#": "sil",
    "hv": "hh",
    "kcl": "cl",
    "nx": "n",
    "pau": "sil",
    "pcl": "cl",
    "tcl": "cl",
    "ux": "uw",
}
_TO_39 = {
    "ao": "aa",
    "ax": "ah",
    "cl": "sil",
    "el": "l",
    "en": "n",
    "epi": "sil",
    "ix": "ih",
    "vcl": "sil",
    "zh": "sh",
}
Kinds = Literal[39, 48, 61]


def folded(phone: str, kinds: Kinds) -> str | None:
    """The kind of one of the 61 phones, or of the 48 or 39 kinds.

    It is None for the glottal stop `q`, which is dropped unless all 61 are kept.

    >>> folded("bcl", 48), folded("bcl", 39), folded("vcl", 39), folded("q", 39), folded("q", 61)
    ('vcl', 'sil', 'sil', None, 'q')
    """
    if kinds == 61:
        return phone
    if phone == "q":
        return None
    phone = _TO_48.get(phone, phone)
    return phone if kinds == 48 else _TO_39.get(phone, phone)


def phone_set(kinds: Kinds) -> tuple[str, ...]:
    """The names of the kinds, sorted.

    >>> [len(phone_set(kinds)) for kinds in (39, 48, 61)]
    [39, 48, 61]
    """
    return tuple(sorted({kind for phone in PHONES if (kind := folded(phone, kinds)) is not None}))
