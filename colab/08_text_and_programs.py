# %% [markdown]
# # Nets that write texts and programs
#
# A net that predicts the next character can also write. You count n-grams, train a GRU on the same text, compare both by
# their perplexity, sample at several temperatures, and let an LSTM write C programs, which a parser judges and mends. It
# is part H of the lectures.
#
# You need [recurrent nets](repo:colab/07_recurrent_and_lstm.ipynb).

# %% [markdown]
# ## What is a language model?
#
# It gives each text a probability, one character at a time (H5):
#
# $$p(x_1, \dots, x_T) = \prod_t p(x_t \mid x_1, \dots, x_{t-1})$$
#
# How good it is, is measured on text that it has not seen: by the loss $L = -\frac1T \sum_t \ln p(x_t \mid \dots)$ in nats
# for a character, by $L / \ln 2$ in bits, or by the **perplexity** $e^L$. A perplexity of 5 means: it is as unsure as if
# it had to guess among 5 characters. Who knows nothing guesses among all of them.
#
# The text is a part of the manual that comes with Python. With `REAL_DATA` it is a million characters of Shakespeare,
# and training takes about a quarter of an hour on a CPU.

# %%
REAL_DATA = False  # @param {type:"boolean"}

# %%
import re
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

import dl
from experiments import gru_shakespeare, ngram_shakespeare

manual = "\n".join(topics[name] for name in sorted(topics))
manual = re.sub(r"^   .*\n|[^ -~\n]", "", manual, flags=re.MULTILINE)  # prose alone, without code
manual = re.sub(r"\n{3,}", "\n\n", manual)[:200_000]
Path("manual.txt").write_text(manual)
name = "tiny_shakespeare" if REAL_DATA else "text:manual.txt"
data = dl.load_data(name)
vocabulary = data.spec.text
print(f"{data.spec.classes} different characters; a tenth of the text is kept for the test")
print(vocabulary.decode(data.train.tokens[:330]))

# %% [markdown]
# ## Counting: n-grams
#
# How often did "e" follow "th"? An n-gram model counts, and predicts each character from the n − 1 before it. Contexts
# that were seldom seen borrow from shorter ones (Kneser and Ney's method). It is the baseline for every net.

# %%
print("n   bits for a character   perplexity")
for length in (1, 2, 3, 4, 5, 6):
    options = ngram_shakespeare.Options(dataset=name, longest_gram=length)
    counted, grams = ngram_shakespeare.count(options, dl.load_data(name, reading=options.reading))
    print(f"{length}  {counted['test']['bits']:19.2f}  {counted['test']['perplexity']:11.2f}")

# %% [markdown]
# ### Exercise 1: why not just count?
#
# Write a bigram model without any borrowing: $p(b \mid a) = n_{ab} / n_a$. What is its perplexity on the training text,
# and what on the test text?

# %%
train, test = (np.asarray(part.tokens) for part in (data.train, data.test))
counts = np.zeros((data.spec.classes, data.spec.classes))
np.add.at(counts, (train[:-1], train[1:]), 1)  # n_ab
print(f"{np.mean(counts > 0):.0%} of all pairs were seen")

# %% [markdown]
# ### Solution

# %%
p = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
seen = np.exp(-np.mean(np.log(p[train[:-1], train[1:]])))
new_pairs = p[test[:-1], test[1:]] == 0
print(f"perplexity on the training text {seen:.2f}")
print(f"{new_pairs.sum()} pairs of the test text were never seen: perplexity infinite")
assert new_pairs.any()
assert 1 < seen < data.spec.classes
# With borrowing every character is possible after every other one.
bigrams = dl.ngram.fit(train, order=2, symbols=data.spec.classes)
borrowed = np.exp(-np.mean(dl.ngram.log_probabilities(bigrams, test)[1:]))
print(f"with borrowing {borrowed:.2f}")
assert np.isfinite(borrowed)

# %% [markdown]
# ## Learning: a recurrent net
#
# A GRU (G4) reads one character at a time and keeps 128 numbers; a softmax makes probabilities of the next character
# from them. It is trained on segments of 64 characters, and its state goes on from each segment to the next.
# A twentieth of the text is held out to watch it.

# %%
options = (
    gru_shakespeare.Options()
    if REAL_DATA
    else gru_shakespeare.Options(
        dataset=name,
        validation=0.05,
        epochs=8,
        hidden_size=128,
        batch_size=16,
        dropout=0.0,
        learning_rate=0.006,
        warm_up=20,
    )
)
data = dl.load_data(name, validation=options.validation, reading=options.reading)
recipe = gru_shakespeare.build(options, data.spec)
writer = dl.fit(recipe, data, options, progress=False)
found = writer.evaluate()
print(f"GRU: {found['bits']:.2f} bits for a character, perplexity {found['perplexity']:.2f}")

# %%
dl.plots.curves(writer.history, metrics=["perplexity"])

# %% [markdown]
# On a text this short and this repetitive, counting long n-grams is hard to beat. On the whole of Shakespeare an LSTM
# with two layers is better than the best n-grams ([results](repo:docs/results.md)), and with more text the distance
# grows.
#
# What do its gates do while it reads? z near 1 (yellow) takes over the new state, z near 0 keeps the old one (G5).

# %%
dl.plots.gates(dl.inspect.text_gates(writer, "The first of them is in the list.")[0], units=12)

# %% [markdown]
# ## Writing
#
# To write, draw a character from the prediction, let the net read it, and so on. The **temperature** $\tau$ says how
# daring it is:
#
# $$p_k = \frac{e^{a_k / \tau}}{\sum_i e^{a_i / \tau}}$$

# %%
for temperature in (0.3, 0.7, 1.2):
    written = "".join(dl.generate(writer, "The ", length=250, temperature=temperature))
    print(f"--- temperature {temperature} ---\nThe {written}\n")

# %% [markdown]
# Low temperatures repeat what is likeliest; high ones invent words. For comparison the 6-grams, at temperature 0.7:

# %%
grams = dl.ngram.fit(train, order=6, symbols=data.spec.classes)
drawn = dl.ngram.sample(grams, vocabulary.encode("The "), length=250, temperature=0.7)
print("The " + vocabulary.decode(drawn))

# %% [markdown]
# ### Exercise 2: the temperature
#
# Write the softmax with a temperature. What does it become for $\tau \to 0$ and for $\tau \to \infty$?


# %%
def softmax_at(a, temperature):
    return np.full(len(a), 1 / len(a))  # change this


a = np.array([2.0, 1.0, 0.0, -1.0])
print(softmax_at(a, 0.5).round(3), "should be [0.865 0.117 0.016 0.002]")

# %% [markdown]
# ### Solution


# %%
def softmax_at_solved(a, temperature):
    powers = np.exp((a - a.max()) / temperature)
    return powers / powers.sum()


for temperature in (0.01, 0.5, 1.0, 100.0):
    print(f"{temperature:6}: {softmax_at_solved(a, temperature).round(3)}")
assert np.allclose(softmax_at_solved(a, 0.5), [0.865, 0.117, 0.016, 0.002], atol=5e-4)
assert np.allclose(softmax_at_solved(a, 0.01), [1, 0, 0, 0])  # the likeliest, always
assert np.allclose(softmax_at_solved(a, 100.0), 0.25, atol=0.01)  # all alike

# %% [markdown]
# ## Programs
#
# The lectures show a C program that a recurrent net wrote (H3). It learned from programs of an online judge, which may
# not be copied here ([results](repo:docs/results.md) tells how it goes with them). So the next cell makes up small
# programs: each reads a number, has a loop, and prints a result.

# %%
import json
import random


def program(draw):
    n, s = draw.sample("abkmn", 2)
    i, c, op = draw.choice("ij"), draw.randint(1, 9), draw.choice("+*-")
    change = draw.choice(
        [f"{s} = {s} {op} {i};", f"{s} += {i} * {c};", f"if ({i} % {c} == 0) {s} = {s} {op} {i};"]
    )
    loop = draw.choice(
        [
            f"for (int {i} = 0; {i} {draw.choice(['<', '<='])} {n}; {i}++) {change}",
            f"while ({n} > 0) {{ {s} = {s} {op} {n}; {n}--; }}",
        ]
    )
    begin = f'int {n}, {s} = {draw.randint(0, 1)}; scanf("%d", &{n});'
    return f'int main() {{ {begin} {loop} printf("%d", {s}); return 0; }}'


draw = random.Random(0)
corpus = sorted({program(draw) for _ in range(1500)})
draw.shuffle(corpus)
Path("programs.jsonl").write_text("\n".join(json.dumps({"code": text}) for text in corpus))
print(len(corpus), "programs, such as", *corpus[:2], sep="\n")

# %%
from experiments import lstm_programs

options = lstm_programs.Options(
    dataset="jsonl:programs.jsonl",
    validation=0.1,
    epochs=15,
    hidden_size=96,
    batch_size=25,
    dropout=0.0,
    learning_rate=0.01,
    warm_up=20,
)
programs = dl.load_data(options.dataset, validation=options.validation, reading=options.reading)
programmer = dl.fit(lstm_programs.build(options, programs.spec), programs, options, progress=False)
print(f"test perplexity {programmer.evaluate()['perplexity']:.2f}")

# %% [markdown]
# Each program that it writes is compared with those that it learned from: is it a copy? And does it follow C's grammar?
# A parser in Python judges that. (Where GCC is installed, `dl.c_programs.find_judge()` asks it, and it also finds names
# that are not declared.)

# %%
from dl import c_programs
from dl.runs.generate import generate_documents

judge = c_programs.parser_judge()
written = generate_documents(programmer, 20, longest=250, temperature=0.5)
learned = c_programs.make_corpus(corpus)
report = c_programs.report_on(written, learned, judge=judge, repair_calls=100)
print(*written[:4], "", sep="\n")
c_programs.compare({"LSTM": report})

# %% [markdown]
# It is quick to learn the grammar. Now look at the names: is what is read what was declared, and is what is printed what
# was computed? For that the net has to remember a name over the whole program, and no rule of the grammar tells it to.
# Here is one of them beside the nearest programs that it has learned from:

# %%
print(c_programs.beside(report.samples[0]))

# %% [markdown]
# A program that is rejected can often be mended. The search tries small edits near the first error until the parser
# accepts the text, and says how many characters were wrong:

# %%
broken = "int main() {\n  int a = 1;\n  a = a + 1\n  return a;\n}\n"
print("the parser stops", c_programs.verdicts([broken], judge=judge)[0].message)
mended = c_programs.repair(broken, judge=judge)
print(f"wrong characters: {mended.wrong_characters}")
print(mended.text)

# %% [markdown]
# ### Exercise 3: what a parser cannot see
#
# The program on the slide had four things wrong: a return type, a comparison and two names. Here is such a program.
# Find the four. Which of them does the parser find?

# %%
slide = """int two_largest(int *a, int n, int *first, int *second)
{
    int i, max1 = a[0], max2 = a[1];
    for (i = 0; i == x; i++) {
        if (a[i] > max1) {
            max2 = max1;
            max1 = a[i];
        }
    }
    *first = max1;
    *second = max;
}
"""
my_version = slide.replace("i == x", "i == x")  # mend it

# %% [markdown]
# ### Solution

# %%
meant = (
    slide.replace("int two_largest", "void two_largest")  # it returns nothing
    .replace("i == x", "i < n")  # a comparison and a name
    .replace("= max;", "= max2;")  # another name
)
tokens = [[token.text for token in c_programs.tokenize(text)] for text in (slide, meant)]
edits = c_programs.edit_script(*tokens)
print([(tokens[0][edit.start], tokens[1][edit.to_start]) for edit in edits])
assert len(edits) == 4
# All four follow the grammar. A compiler would find the two names that nobody declared, x and max.
assert c_programs.compiles(slide, judge=judge)
# And even the mended program is wrong: a number between the two largest is passed over.

# %% [markdown]
# ## Where to go next
#
# - The runner has a verb for this: `sample RUN` writes, `programs RUN` judges, compares and mends.
# - Own text: `dl.load_data("text:PATH")`; own programs: `--dataset jsonl:PATH` for `lstm_programs`.
# - `lstm_names` writes names, `lstm_sentiment` reads reviews, `lstm_chorales` composes.
# - Next: [search and committees](repo:colab/09_search_and_committees.ipynb).
