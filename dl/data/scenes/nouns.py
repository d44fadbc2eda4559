"""What things are called: the names of classes as nouns, with their synonyms."""

from dl.data.text.words import words

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SYNONYMS: dict[str, tuple[str, ...]] = {
    **{str(number): (str(number), word) for number, word in enumerate(_DIGITS)},
    "t-shirt/top": ("tee", "top"),
    "trouser": ("pair of trousers", "pair of pants"),
    "pullover": ("pullover", "sweater"),
    "dress": ("dress", "gown"),
    "coat": ("coat", "overcoat"),
    "sandal": ("sandal", "slipper"),
    "shirt": ("shirt", "blouse"),
    "sneaker": ("sneaker", "trainer"),
    "bag": ("bag", "handbag"),
    "ankle boot": ("boot", "ankle boot"),
    "airplane": ("airplane", "plane"),
    "automobile": ("automobile", "car"),
    "ship": ("ship", "boat"),
    "truck": ("truck", "lorry"),
}
"""The nouns for the names of some classes; things of other names are called by these alone."""
_NAMES = {noun: name for name, nouns in SYNONYMS.items() for noun in nouns}
_VOWELS = ("a", "e", "i", "o", "u", "8")


def name_of_class(class_name: str) -> str:
    """The name of a thing: that of its class, in small letters with blanks.

    >>> name_of_class("Ankle_boot")
    'ankle boot'
    """
    name = class_name.lower().replace("_", " ").strip()
    return name if name in SYNONYMS else " ".join(words(name))


def nouns_of(name: str) -> tuple[str, ...]:
    """The nouns for a thing.

    >>> nouns_of("3"), nouns_of("horse")
    (('3', 'three'), ('horse',))
    """
    return SYNONYMS.get(name, (name,))


def name_of_noun(noun: str) -> str:
    """The name of the thing that a noun stands for.

    >>> name_of_noun("three"), name_of_noun("horse")
    ('3', 'horse')
    """
    return _NAMES.get(noun, noun)


def article(following: str) -> str:
    """The article "a" or "an" before these words, by how they sound.

    >>> article("eight"), article("8"), article("one"), article("large eight")
    ('an', 'an', 'a', 'a')
    """
    return "an" if following.startswith(_VOWELS) and not following.startswith("one") else "a"
