"""Tokens of C: of texts cut by hand, and of random texts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dl.c_programs.tokens import KEYWORDS, OPERATORS, commented, open_brackets, tokenize


def parts(text: str) -> list[str]:
    return [token.text for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a+++b", ["a", "++", "+", "b"]),
        ("x<<=2>>1", ["x", "<<=", "2", ">>", "1"]),
        ("p->q.r[3]", ["p", "->", "q", ".", "r", "[", "3", "]"]),
        ("1.5e-3f .5 0x1F 10UL", ["1.5e-3f", ".5", "0x1F", "10UL"]),
        (r'"a \" // b" L"w" ', [r'"a \" // b"', 'L"w"']),
        (r"'\'' L'x' 'L'", [r"'\''", "L'x'", "'L'"]),
        ("Label: L = l;", ["Label", ":", "L", "=", "l", ";"]),
        ("a/b /* c\n */ d // e\nf", ["a", "/", "b", "d", "f"]),
        ("// a \\\nb\nc", ["c"]),
        ("x /* never closed", ["x"]),
        ('s = "open\nt', ["s", "=", '"open', "t"]),
        ("#define A(x) \\\n x\nint a;", ["#define A(x) \\\n x", "int", "a", ";"]),
        ("  #include <a.h> /* b\n c */\nd", ["  #include <a.h> /* b\n c */", "d"]),
        ("{\n  #ifdef X\n\ta;\n\t# endif\n}", ["{", "  #ifdef X", "a", ";", "\t# endif", "}"]),
        ("a # b ## c", ["a", "#", "b", "##", "c"]),
        ("f(int a, ...)", ["f", "(", "int", "a", ",", "...", ")"]),
        ("int é = @;", ["int", "é", "=", "@", ";"]),
    ],
)
def test_texts_are_cut_into_the_tokens_of_c(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


def test_kinds() -> None:
    text = "#if 0\nwhile (x1 != 'c') s = \"t\" $ 3;"
    kinds = [token.kind for token in tokenize(text)]
    assert kinds == [
        "directive",
        "while",
        "(",
        "identifier",
        "!=",
        "character",
        ")",
        "identifier",
        "=",
        "string",
        "unknown",
        "number",
        ";",
    ]


@pytest.mark.parametrize("word", [*sorted(KEYWORDS), *OPERATORS])
def test_each_keyword_and_operator_is_its_own_kind(word: str) -> None:
    assert [(token.kind, token.text) for token in tokenize(f"x {word} x")][1] == (word, word)


@given(st.text(alphabet="ab1 .\"'\\/*#\n\t\r(){}<=-+Lé\0\ud800", max_size=60))
def test_between_the_tokens_of_any_text_are_only_white_space_and_comments(text: str) -> None:
    tokens, rest, end = tokenize(text), "", 0
    for token in tokens:
        assert token.text == text[token.start : token.stop] != ""
        assert token.start >= end
        rest, end = rest + text[end : token.start], token.stop
    rest += text[end:]
    assert (
        len(re.sub(r"\s|\\\n", "", re.sub(r"/\*[\s\S]*?(\*/|\Z)|//(\\\n|[^\n])*", "", rest))) == 0
    )
    assert commented(text) <= len(rest)


@pytest.mark.parametrize(
    ("text", "brackets"),
    [
        ("int main() { }", ""),
        ("int main() { for (;; a[b(", "{([("),
        ("f(\"(\", '{' /* [ */", "("),
        ("} ) ] {", "{"),
        ("{ ( }", ""),  # a closing brace also closes the parenthesis inside
    ],
)
def test_open_brackets(text: str, brackets: str) -> None:
    assert open_brackets(text) == brackets
