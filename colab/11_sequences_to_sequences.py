# %% [markdown]
# # From one sequence to another
#
# A net reads a sentence and writes another one: a translation, what was said in a recording, a caption. You compute
# attention by hand, train a net that turns strings of digits round, see what it looks at and what is lost without,
# search with a beam, transcribe tones with CTC, and let a net describe pictures. It is about H2, H4 and H6 of the
# lectures.
#
# You need [recurrent nets](repo:colab/07_recurrent_and_lstm.ipynb).

# %% [markdown]
# ## Attention by hand
#
# An encoder leaves a vector $m_s$ at each place $s$ of what it has read. Before each word the decoder, in its state $h$,
# asks how much each place matters now (H6). Scores become weights by softmax, and the weights a mean, the *context*:
#
# $$e_s = h^T W m_s \qquad \alpha_s = \frac{e^{e_s}}{\sum_r e^{e_r}} \qquad c = \sum_s \alpha_s\, m_s$$
#
# Here are three places, of which the third is padding and must not be looked at.

# %%
import jax.numpy as jnp
import numpy as np

import dl
from dl.layers import attention

memory = jnp.array([[[1.0, 0.0], [0.0, 2.0], [9.0, 9.0]]])
mask = jnp.array([[1.0, 1.0, 0.0]])
state = jnp.array([[0.0, 1.0]])

scores = attention.multiplicative_scores(state, memory)  # W is the identity
weights = attention.attention_weights(scores, mask)
context = attention.context(weights, memory)
for name, values in (("scores", scores), ("weights", weights), ("context", context)):
    print(f"{name:<8}", *(f"{value:.3f}" for value in values[0]))

# %% [markdown]
# ### Exercise 1: by hand
#
# Which weights does the state (1, 1) give? Work them out with pencil and paper: the scores are 1 and 2.

# %%
by_hand = [0.5, 0.5]  # change this

# %% [markdown]
# ### Solution

# %%
by_hand = [1 / (1 + np.e), np.e / (1 + np.e)]
asked = attention.multiplicative_scores(jnp.array([[1.0, 1.0]]), memory)
assert np.allclose(attention.attention_weights(asked, mask)[0, :2], by_hand)
print("weights", np.round(by_hand, 3))

# %% [markdown]
# ## A net that turns strings round
#
# 7305 becomes 5037. The task is easy to say, but the first digit that is written is the last one that was read, and the
# last one has to be remembered through everything. Strings have 3 to 12 digits.
#
# The **encoder** is a GRU in both directions. The **decoder** is a GRU too: at each step it gets the digit before, and
# gives probabilities for the next one. In training it gets the right digit before, whatever it would have written
# itself: *teacher forcing*. A string ends with a symbol of its own.

# %%
from dl.data.parts import dataset_of_pairs
from dl.data.sources.pairs import pair_source
from dl.data.text.vocabulary import END, Vocabulary

digits = Vocabulary("char", (*"0123456789", END))
rng = np.random.default_rng(0)


def strings(count, lengths):
    return [rng.integers(0, 10, length) for length in rng.choice(lengths, count)]


def turned_round(rows):
    ended = [np.append(row, digits.end) for row in rows]
    return pair_source(ended, [row[::-1] for row in rows], end=digits.end, buckets=1)


train, test = (turned_round(strings(count, range(3, 13))) for count in (4000, 300))
names = {"vocabulary": digits, "source_vocabulary": digits}
data = dataset_of_pairs("digits turned round", train, None, test, **names)


def learn(kind):
    attends = kind != "none"
    encoder = dl.models.text_encoder(11, hidden_size=32, embedding_size=16, attended=attends)
    model = dl.models.encoder_decoder(
        encoder, 11, hidden_size=64, embedding_size=16, attention=kind
    )
    recipe = dl.Recipe(model, dl.objectives.next_symbol(model))
    options = dl.TrainOptions(
        epochs=8, batch_size=64, optimizer="adam", learning_rate=0.005, clip=1.0
    )
    return dl.fit(recipe, data, options)


attending = learn("additive")

# %% [markdown]
# ## What does it look at?
#
# `dl.translate` writes symbol by symbol, and its attention comes back with the text: a row for each digit that is
# written, a column for each one that was read.

# %%
((best,),) = dl.translate(attending, ["73051964"], beam=1)
print("73051964 becomes", best.text)
dl.plots.alignment(best)

# %% [markdown]
# The diagonal goes from the lower left to the upper right: nobody told the net that the task is to go backwards. With
# real sentences the line bends where one language puts its verb elsewhere.
#
# ## Without attention
#
# The same net, but the decoder gets only the encoder's last states, and never looks back. All of the string has to fit
# into one vector (Sutskever et al. 2014).

# %%
blind = learn("none")

# %%
lengths = (4, 8, 12)
right = {}
for name, trained in (("with attention", attending), ("without", blind)):
    right[name] = []
    for length in lengths:
        rows = ["".join(map(str, row)) for row in strings(64, [length])]
        found = dl.translate(trained, rows, beam=1, batch_size=64)
        right[name].append(
            np.mean([one[0].text == row[::-1] for one, row in zip(found, rows, strict=True)])
        )
    print(
        f"{name:<15}",
        *(f"{n}: {share:4.0%}" for n, share in zip(lengths, right[name], strict=True)),
    )
assert right["with attention"][-1] > right["without"][-1] + 0.3

# %% [markdown]
# Short strings fit into the vector, long ones do not. On sentences the same is seen: without attention translations get
# worse with the length (Bahdanau et al. 2015, figure 2). The experiments `lstm_translation` and `attention_translation`
# compare both.
#
# ## Greedy, or with a beam
#
# Always to take the likeliest symbol may lead into a corner: a beginning that is a little less likely can have a much
# better end. A **beam search** keeps the k best beginnings at every step. Their log-probabilities are divided by
# $((5 + L) / 6)^\alpha$, because otherwise the shortest would win (Wu et al. 2016).

# %%
(several,) = dl.translate(blind, ["730519"], beam=4, n_best=4)
for one in several:
    print(f"{one.score:7.3f}  {one.text}")

# %% [markdown]
# The best of a beam of 1 is what greedy decoding writes. The n best show what the net hesitates between.

# %% [markdown]
# ### Exercise 2: does a beam help?
#
# Count for 64 strings of 8 digits how often the net without attention is right with a beam of 1 and of 4.

# %%
rows = ["".join(map(str, row)) for row in strings(64, [8])]

# %% [markdown]
# ### Solution

# %%
share = {}
for beam in (1, 4):
    found = dl.translate(blind, rows, beam=beam, batch_size=64)
    share[beam] = np.mean([one[0].text == row[::-1] for one, row in zip(found, rows, strict=True)])
    print(f"beam of {beam}: {share[beam]:.0%} right")
assert share[4] > share[1]

# %% [markdown]
# It does, where the net is unsure: a search finds likelier strings. What the net does not know it cannot find.
#
# ## Labels without times: CTC
#
# In speech the labels of a recording are known, but not when each is said. **Connectionist temporal classification**
# (Graves et al. 2006; H4) adds a class, the *blank*. The net gives a class for every step; repetitions are merged, then
# blanks are dropped:
#
# $$\text{– a a – b b – b} \;\to\; \text{a b b}$$
#
# The probability of the labels is the sum over all paths that become them. By hand, two steps and one label "a" with
# probability 0.4 in each: the paths aa, a– and –a.

# %%
from dl.decoding.ctc import read_best_path, search_prefixes

steps = np.log([[0.6, 0.4], [0.6, 0.4]])  # blank, a
print("p(a) =", round(0.4 * 0.4 + 0.4 * 0.6 + 0.6 * 0.4, 2), "by hand")
(found,) = search_prefixes(steps)
print("p(a) =", round(float(np.exp(found.score)), 2), "by prefix search")
print("the best path alone has", len(read_best_path(steps).labels), "labels")

# %% [markdown]
# The likeliest *path* is blank, blank, with 0.36; the likeliest *labels* are "a", with 0.64. So a search over prefixes
# adds up paths that become the same.

# %% [markdown]
# ### Exercise 3: two alike
#
# How many steps does the label string "aab" need at least?

# %%
fewest = 3  # change this

# %% [markdown]
# ### Solution

# %% [markdown]
# Four: a – a b. Without the blank between them the two a's would be merged.

# %%
path = np.log(np.eye(3)[[1, 0, 1, 2]] + 1e-9)
assert read_best_path(path).labels == (0, 0, 1)
fewest = 4

# %% [markdown]
# A small example: strings of one to three tones in a hiss, at random times. The net computes the spectrogram by itself
# and never learns when a tone sounds.

# %%
RATE, TONES = 4000, {"low": 300, "middle": 700, "high": 1500}


def melody():
    labels = rng.integers(0, 3, rng.integers(1, 4))
    sound, at = rng.normal(0, 100, RATE), 0.05
    for label in labels:
        at += rng.uniform(0, 0.1)
        times = np.arange(int(rng.uniform(0.1, 0.2) * RATE)) / RATE
        tone = 6000 * np.sin(2 * np.pi * list(TONES.values())[label] * times)
        sound[int(at * RATE) :][: len(times)] += tone
        at += len(times) / RATE + 0.02
    return sound.astype(np.int16), labels


def melodies(count):
    return pair_source(*zip(*(melody() for _ in range(count)), strict=True), buckets=1)


heard = dataset_of_pairs(
    "tones",
    melodies(640),
    None,
    melodies(64),
    class_names=("blank", *TONES),
    vocabulary=Vocabulary("word", tuple(TONES)),
    sample_rate=RATE,
)
model = dl.models.acoustic_model(
    "lstm", 4, sample_rate=RATE, hidden_size=16, num_layers=1, filters=20, stack=4
)
recipe = dl.Recipe(model, dl.objectives.transcription(model))
options = dl.TrainOptions(epochs=15, batch_size=32, optimizer="adam", learning_rate=0.02)
listening = dl.fit(recipe, heard, options)
print(f"label error {listening.evaluate()['label_error']:.1%}")

# %%
from dl.layers import spectra
from dl.runs.transcribe import transcribe

sound = heard.test.inputs[7]
(transcript,) = transcribe(listening, [sound])
print(transcript.text)
energies = spectra.log_mel(sound[None] / 2.0**15, RATE, filters=20)[0]
dl.plots.transcription(energies, transcript.posteriors, list(TONES))

# %% [markdown]
# Nobody told the net when a tone begins, and yet it says each label while its tone sounds, and blank in between. It only
# has to say *which* labels, in order: on speech, labels often are short spikes.
#
# ## A picture becomes a sentence
#
# A caption needs no new idea: the encoder is a convolutional net, and the places that are looked at are those of its
# last map (H2; Xu et al. 2015). The experiment `attention_captions` describes scenes like this one, for which a grammar
# knows all right captions.

# %%
from itertools import islice

from dl.data.scenes import captions_of, count_captions, draw_scene

scene = draw_scene(np.random.default_rng(3), tuple("0123456789"), held_out=False)
for said in islice(captions_of(scene), 4):
    print(said)
print(f"... {count_captions(scene)} right captions in all")

# %% [markdown]
# To be fast, the net below learns simpler scenes: one of three digits, in one of four corners.

# %%
from dl.data.readers.captioned import Captioned, captioned_pictures
from dl.data.text.reading import Reading

NAMES = {0: "zero", 1: "one", 4: "four"}
CORNERS = {
    "upper left": (1, 1),
    "upper right": (1, 17),
    "lower left": (17, 1),
    "lower right": (17, 17),
}


def corner_scenes(source, count):
    pictures, said = np.zeros((count, 32, 32, 1), np.uint8), []
    for picture in pictures:
        digit, corner = rng.choice(list(NAMES)), rng.choice(list(CORNERS))
        piece = source.inputs[rng.choice(np.flatnonzero(source.targets == digit))][::2, ::2]
        top, left = CORNERS[corner]
        picture[top : top + 14, left : left + 14] = piece
        said.append((f"a {NAMES[int(digit)]} at the {corner}",))
    return Captioned(pictures, tuple(said))


pieces = dl.load_data("digits")
described = captioned_pictures(
    "corners",
    corner_scenes(pieces.train, 960),
    0.0,
    corner_scenes(pieces.test, 64),
    reading=Reading(unit="word"),
)
model = dl.models.captioner(
    described.spec.classes, features=(8, 16), hidden_size=48, embedding_size=16
)
recipe = dl.Recipe(model, dl.objectives.next_symbol(model))
options = dl.TrainOptions(epochs=10, batch_size=32, optimizer="adam", learning_rate=0.005)
describing = dl.fit(recipe, described, options)

written, references = dl.caption_part(describing, described, "test")
share = np.mean([text in own for text, own in zip(written, references, strict=True)])
print(f"{share:.0%} of the captions are right")
assert share > 0.7

# %%
picture = described.test.pictures[:1]
((said,),) = dl.caption(describing, picture)
dl.plots.caption_attention(picture[0], said)

# %% [markdown]
# ## Real data
#
# With `REAL_DATA` a net learns to translate from German to English, from the 29,000 captions of Multi30k, which are
# downloaded. That takes an hour or two on a CPU, and minutes on a GPU. For spoken digits get the
# [Free Spoken Digit Dataset](https://github.com/Jakobovski/free-spoken-digit-dataset) in the same way, and run
# `ctc_spoken_digits` on `spoken_strings:free-spoken-digit-dataset/recordings`.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
if REAL_DATA:
    from pathlib import Path
    from urllib.request import urlretrieve

    from experiments import attention_translation

    folder = Path("multi30k")
    folder.mkdir(exist_ok=True)
    source = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw"
    for file in (
        f"{part}.{side}.gz"
        for part in ("train", "val", "test_2016_flickr")
        for side in ("de", "en")
    ):
        urlretrieve(f"{source}/{file}", folder / file)
    options = attention_translation.Options(
        dataset=f"pairs:{folder}", source="de", target="en", unit="word"
    )
    multi30k = dl.load_data(options.dataset, reading=options.reading)
    translating = dl.fit(attention_translation.build(options, multi30k.spec), multi30k, options)
    for one in dl.translate(translating, ["Ein Hund läuft über eine grüne Wiese."])[0]:
        print(one.text)

# %% [markdown]
# The same from a terminal, with a run that can be interrupted, measured and looked at:
#
#     python -m experiments run attention_translation --dataset pairs:multi30k --source de --target en --run-dir runs/de-en
#     python -m experiments translate runs/de-en text.de
#     python -m experiments plot runs/de-en alignment
#     python -m experiments report runs/de-en
