"""The nearest programs, compared with a search that measures every pair by itself."""

import gzip
import json
from pathlib import Path

import pytest

from dl.c_programs.distances import edit_distance
from dl.c_programs.nearest import find_nearest, make_corpus, outline
from dl.errors import InputError

SUM = "int main() { int i, s = 0; for (i = 0; i < 9; i++) s += i; printf(s); }"
CORPUS = [
    "int main() { return 0; }",
    SUM,
    "void f(char *p) { while (*p) p++; }",
    SUM.replace("s", "t").replace("printf", "puts"),
    "struct node { int key; struct node *next; };",
    "",
]


def by_structure(text: str, other: str) -> float:
    own, kinds = outline(text).kinds, outline(other).kinds
    return edit_distance(own, kinds) / max(len(own), len(kinds), 1)


def by_names(text: str, other: str) -> float:
    own, names = outline(text).names, outline(other).names
    return 1 - len(own & names) / len(own | names) if own | names else 0


@pytest.mark.parametrize("text", [*CORPUS, "int g() { return next(key); }", "@ @", "while (1) ;"])
def test_the_nearest_are_those_of_a_search_over_pairs(text: str) -> None:
    near = find_nearest(text, make_corpus(CORPUS))
    for match, distance in ((near.structure, by_structure), (near.names, by_names)):
        distances = [distance(text, other) for other in CORPUS]
        assert match.distance == pytest.approx(min(distances))
        assert match.index == distances.index(min(distances))
        assert match.program == CORPUS[match.index]


def test_renaming_keeps_the_structure_and_changes_the_names() -> None:
    text = (
        SUM.replace("i", "k")
        .replace("knt", "int")
        .replace("maknt", "maint")
        .replace("makn", "main")
    )
    text = text.replace("prkntf", "printf").replace("print(", "printf(").replace("s", "total")
    near = find_nearest(text, make_corpus([SUM]))
    assert near.structure.distance == 0
    assert near.names.distance == 1


def test_layout_and_comments_do_not_count() -> None:
    assert outline(SUM) == outline("/* a sum */\n" + SUM.replace(" ", "\n\t") + "// end")


def test_library_names_and_keywords_are_not_names() -> None:
    assert outline(SUM).names == {"i", "s"}


def test_an_empty_corpus_is_refused() -> None:
    with pytest.raises(InputError, match="no programs to compare with"):
        make_corpus([])


def test_a_real_program_is_nearest_to_itself(shared_data: Path) -> None:
    with gzip.open(shared_data / "poj104" / "c_train.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["code"] for line, _ in zip(lines, range(150), strict=False)]
    corpus = make_corpus(texts)
    for index in (0, 77, 149):
        near = find_nearest(texts[index], corpus)
        assert near.structure.distance == near.names.distance == 0
        assert outline(near.structure.program).kinds == outline(texts[index]).kinds
        assert near.structure.index <= index
