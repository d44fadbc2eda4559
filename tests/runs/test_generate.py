"""From symbols to text as they come, documents from their beginning to their end, and primes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models, sampling
from dl.data.dataset import DataSpec
from dl.data.text.vocabulary import Vocabulary, make_vocabulary
from dl.errors import InputError
from dl.runs.generate import first_prime, generate, generate_documents, pieces, prime_numbers
from dl.train.network import Network

STREAM = make_vocabulary(["abc\n"], unit="char")
NAMES = make_vocabulary(["abc"], unit="char", documents=True)


def loaded(vocabulary: Vocabulary, *, ragged: bool) -> Network:
    """A model that says a, b, c and END in turn, for ever: each symbol leads to the next."""
    model = models.language_model("rnn", len(vocabulary), hidden_size=len(vocabulary))
    shapes, _ = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    params = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), shapes)
    params["recurrent"]["layer_0"]["input"] = 5.0 * jnp.eye(len(vocabulary))
    following = {"a": "b", "b": "c", "c": vocabulary.symbols[-1], vocabulary.symbols[-1]: "a"}
    places = [
        (vocabulary.symbols.index(one), vocabulary.symbols.index(then))
        for one, then in following.items()
    ]
    params["output"]["kernel"] = (
        jnp.zeros((len(vocabulary),) * 2).at[tuple(zip(*places, strict=True))].set(50.0)
    )
    spec = DataSpec(
        "names", "language", (9,), "int32", (), 10, ragged=ragged, vocabulary=vocabulary
    )
    return Network(model, params, {}, spec)


def test_documents_end_where_they_do_and_a_stream_goes_on() -> None:
    assert "".join(generate(loaded(NAMES, ragged=True), length=20)) == "abc"
    assert "".join(generate(loaded(NAMES, ragged=True), "b", length=20)) == "c"
    assert "".join(generate(loaded(NAMES, ragged=True), length=2)) == "ab"
    assert "".join(generate(loaded(NAMES, ragged=False), length=6)) == "abc\nab"
    assert generate_documents(loaded(NAMES, ragged=True), 3, longest=20) == ["abc"] * 3
    assert generate_documents(loaded(NAMES, ragged=True), 2, longest=2) == ["ab"] * 2


def test_documents_of_a_stream_are_those_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def noted(*arguments, **options):
        read.append(arguments[3].tolist())
        return sampling.sample(*arguments, **options)

    monkeypatch.setattr("dl.runs.generate.sample", noted)
    assert generate_documents(loaded(NAMES, ragged=False), 2, longest=9, before="ab") == ["abc"] * 2
    assert generate_documents(loaded(NAMES, ragged=False), 1, longest=9) == ["abc"]
    assert read == [[NAMES.end, 0, 1, NAMES.end], [NAMES.end]]


def test_text_comes_as_it_is_drawn() -> None:
    assert next(generate(loaded(NAMES, ragged=False), length=10**12)) == "a"


@pytest.mark.parametrize("text", ["né", "€uro", "日本"])
def test_bytes_come_out_as_whole_characters(text: str) -> None:
    vocabulary = make_vocabulary([], unit="byte", documents=True)
    assert list(pieces(vocabulary, text.encode())) == list(text)
    assert "".join(pieces(vocabulary, [*text.encode(), 256, 65])) == f"{text}\nA"
    assert "".join(pieces(vocabulary, [*text.encode(), 256, 65], stop=True)) == text
    assert "".join(pieces(vocabulary, text.encode() + "€".encode()[:-1])) == text + "�"


def test_words_are_parted_from_each_other_and_from_the_prime() -> None:
    vocabulary = make_vocabulary(["we are we"], unit="word")
    assert vocabulary.symbols[:2] == ("we", "are")
    assert "".join(pieces(vocabulary, [0, 1, 0])) == "we are we" == vocabulary.decode([0, 1, 0])
    assert "are" + "".join(pieces(vocabulary, [0, 1], after="are")) == "are we are"


def test_a_prime_begins_a_document_and_goes_on_in_a_stream() -> None:
    assert prime_numbers(NAMES, "ab").tolist() == [NAMES.end, 0, 1]
    assert prime_numbers(NAMES, "").tolist() == [NAMES.end]
    assert prime_numbers(STREAM, "ab").tolist() == STREAM.encode("ab").tolist()
    assert prime_numbers(STREAM, "a").dtype == np.int32


def test_without_a_prime_documents_begin_and_a_stream_goes_on_from_a_line_s_end() -> None:
    assert first_prime(NAMES) == ""
    assert first_prime(STREAM) == first_prime(make_vocabulary([], unit="byte")) == "\n"
    assert first_prime(make_vocabulary(["xy"], unit="char")) == "x"
    assert first_prime(make_vocabulary(["to be"], unit="word")) == "be"


@pytest.mark.parametrize(
    ("prime", "message"),
    [
        ("", "give --prime TEXT, one character at least"),
        ("aäb", r"'ä' \(char 2 of the text\) is not in the vocabulary"),
    ],
)
def test_primes_that_a_stream_cannot_go_on_from(prime: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        generate(loaded(STREAM, ragged=False), prime)


def test_what_writes_no_text_says_what_it_is() -> None:
    spec = DataSpec("moons", "binary", (2,), "float32", ("moon",), 10)
    mlp = Network(dl.models.mlp(1), {}, {}, spec)
    with pytest.raises(
        InputError, match=r"mlp was trained on moons \(task: binary\) and writes no text"
    ):
        generate(mlp, "a")
    with pytest.raises(InputError, match="this vocabulary has no end of documents"):
        generate_documents(loaded(STREAM, ragged=False), 1, longest=3)
