"""Words, the vocabulary and token ids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo import data
from zoo.data.kinds.texts import Vocabulary
from zoo.data.kinds.tokens import Tokens, split_words, tokenize
from zoo.errors import Mistake

pytestmark = pytest.mark.once

TEXTS = ["a b a c", "a b", "d"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Don't STOP, now!", ["don't", "stop", "now", "!"]),
        ("good<br /><br />bad", ["good", "bad"]),
        ("<a href='x'>link</a> <!-- no\nno --> 3 < 4", ["link", "3", "4"]),
        ("fish &amp; chips &lt;3 caf&eacute;", ["fish", "chips", "3", "café"]),
        ("ﬁlm №1 \uff21\uff22", ["film", "no1", "ab"]),
        ("it\u2019s ÉCLAIR Straße", ["it's", "éclair", "straße"]),
        ("'quoted' rock'n'roll 7/10", ["quoted", "rock'n'roll", "7", "10"]),
        ("какой фильм?", ["какой", "фильм", "?"]),
        ("\x00 \t\r\n", []),
        ("हिन्दी फिल्म", ["हिन्दी", "फिल्म"]),
        ("\u0130stanbul soft\u00adhyphen", ["i\u0307stanbul", "softhyphen"]),
        ("fine <!-- an open comment " + "<!--" * 50_000, ["fine"]),
    ],
)
def test_words(text, words):
    assert tokenize(text) == words


@given(st.text())
def test_any_text_can_be_tokenized(text):
    words = tokenize(text)
    assert all(words)
    assert all(word == word.strip() for word in words)


def test_the_vocabulary_is_ordered_by_frequency_then_alphabet():
    vocabulary = Vocabulary.build(split_words(TEXTS)[0], length=3)
    assert vocabulary.words == ("a", "b", "c", "d")
    assert vocabulary.size == 6
    small = Vocabulary.build(split_words(TEXTS)[0], vocabulary_size=4, length=3)
    assert small.words == ("a", "b")
    rows = small.encode(["a c b", "b", "", "zebra", "a a a a b"])
    assert rows.tolist() == [[2, 1, 3], [3, 0, 0], [1, 0, 0], [1, 0, 0], [2, 2, 3]]
    assert rows.dtype == np.int32


@pytest.mark.parametrize(
    ("keep", "kept"),
    [("last", [5, 6, 7, 8]), ("first", [2, 3, 4, 5]), ("ends", [2, 3, 7, 8])],
)
def test_what_is_kept_of_a_long_text(keep, kept):
    vocabulary = Vocabulary(tuple("abcdefg"), length=4, keep=keep)
    assert vocabulary.encode(["a b c d e f g"]).tolist() == [kept]
    assert vocabulary.encode(["a b c d"]).tolist() == [[2, 3, 4, 5]]


def test_runs_of_words_are_tokens_behind_their_last_word():
    tokens = split_words(["not good at all", "not good", "good"])[0]
    pairs = Vocabulary.build(tokens, vocabulary_size=6, length=6, ngrams=2)
    assert pairs.words == ("good", "not", "not good", "all")
    assert pairs.encode(["all not good", "good not"]).tolist() == [
        [5, 3, 2, 4, 0, 0],
        [2, 3, 0, 0, 0, 0],
    ]
    triples = Vocabulary.build(tokens, length=9, ngrams=3)
    assert triples.words[5:] == ("at all", "good at", "good at all", "not good at")
    assert triples.encode(["not good at all"]).tolist() == [
        [3, 2, 4, 6, 8, 10, 5, 7, 9]
    ]


def plain_encoding(vocabulary, text):
    """Token ids of a text without cuts, word by word."""
    words, ids = tokenize(text), []
    for last in range(1, len(words) + 1):
        ids.append(vocabulary.ids.get(words[last - 1], 1))
        for first in range(last - 2, max(last - vocabulary.ngrams, 0) - 1, -1):
            run = " ".join(words[first:last])
            ids += [vocabulary.ids[run]] if run in vocabulary.ids else []
    return ids or [1]


@given(
    st.lists(st.text("ab c", max_size=20), min_size=1, max_size=5),
    st.lists(st.text("ab cd", max_size=20), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(3, 30),
)
def test_runs_are_found_as_one_would_by_hand(texts, others, ngrams, size):
    vocabulary = Vocabulary.build(split_words(texts)[0], size, 60, ngrams=ngrams)
    for text, row in zip(others, vocabulary.encode(others), strict=True):
        ids = plain_encoding(vocabulary, text)
        assert row[: len(ids)].tolist() == ids
        assert not row[len(ids) :].any()


def test_a_text_of_ten_thousand_words_fits():
    vocabulary = Vocabulary(("word",), length=400)
    assert vocabulary.encode(["word " * 10_000]).tolist() == [[2] * 400]


@pytest.mark.parametrize("keep", ["last", "first", "ends"])
def test_texts_without_runs_are_read_as_those_with_them(keep):
    vocabulary = Vocabulary(("good", "don't", "!"), 3, keep)
    said = ["good don't ! bad good", "", "...", "A <b>good</b> one!", "good"]
    rows = vocabulary.encode(said)
    split = split_words(said)[0]
    np.testing.assert_array_equal(rows, vocabulary.encode_tokens(split), strict=True)


@given(st.lists(st.text("abc d", max_size=30), min_size=1), st.integers(1, 8))
def test_ids_are_in_range_and_padding_is_at_the_end(texts, length):
    vocabulary = Vocabulary.build(split_words(texts)[0], 4, length)
    rows = vocabulary.encode(texts)
    assert rows.shape == (len(texts), length)
    assert rows.min() >= 0
    assert rows.max() < vocabulary.size <= 4
    assert np.all(rows[:, 0] > 0)
    assert np.all((rows[:, 1:] == 0) | (rows[:, :-1] > 0))


def test_only_the_words_of_the_given_texts_are_counted():
    train, test = split_words(["a b", "a"], ["c c c c", "a"])
    assert train.words == test.words == ["a", "b", "c"]
    assert train.counts() == {"a": 2, "b": 1}
    assert train[np.array([1])].counts() == {"a": 1}
    assert train.counts(2) == {"a b": 1}
    vocabulary = Vocabulary.build(train, length=2)
    assert vocabulary.words == ("a", "b")
    assert vocabulary.encode_tokens(test).tolist() == [[1, 1], [2, 0]]


@given(
    st.lists(st.text("ab ", max_size=30), min_size=1),
    st.integers(3, 20),
    st.integers(1, 3),
)
def test_a_small_vocabulary_is_the_beginning_of_a_large_one(texts, size, ngrams):
    [tokens] = split_words(texts)
    large = Vocabulary.build(tokens, 10_000, ngrams=ngrams)
    small = Vocabulary.build(tokens, size, ngrams=ngrams)
    assert small.words == large.words[: size - 2]


def test_a_saved_vocabulary_comes_back(tmp_path):
    words = ("très", "good", "très good")
    vocabulary = Vocabulary(words, length=3, keep="ends", ngrams=2)
    vocabulary.save(tmp_path)
    restored = Vocabulary.restore(tmp_path)
    assert restored == vocabulary
    assert restored.encode(["Très bon"]).tolist() == [[2, 1, 0]]
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.json"]
    (tmp_path / "vocabulary.json").unlink()
    with pytest.raises(Mistake, match=r"vocabulary\.json is missing"):
        Vocabulary.restore(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"vocabulary_size": 2}, "vocabulary_size=2; give 3 or more"),
        ({"length": 0}, "length=0; a text keeps at least 1 token"),
        ({"ngrams": 4}, r"ngrams=4; accepted: 1 \(words only\), 2 or 3"),
        ({"keep": "frist"}, "unknown value of keep 'frist'; did you mean 'first'"),
    ],
)
def test_mistaken_arguments(arguments, text):
    with pytest.raises(Mistake, match=text):
        Vocabulary.build(split_words(TEXTS)[0], **arguments)


def test_sentences_are_decoded_by_the_restored_vocabulary(tmp_path):
    vocabulary = Vocabulary(("good", "bad"), length=2)
    train = data.Split(vocabulary.encode(["good"]), np.zeros(1, np.int32))
    dataset = data.Dataset(
        "reviews", "text", train, classes=("a", "b"), encoder=vocabulary
    )
    dataset.save(tmp_path)
    restored = data.restore(tmp_path)
    assert restored.facts()["vocabulary_size"] == 4
    assert restored.facts()["length"] == 2
    assert data.decode(restored, ["Bad!", "good"]).tolist() == [[3, 1], [2, 0]]


def test_runs_of_words_that_64_bits_cannot_number_are_refused():
    few = np.zeros(2, np.int64)
    words = range(2**21 - 2)  # as many names; none is read
    tokens = Tokens(np.zeros(4, np.int32), few, few + 2, words)
    with pytest.raises(Mistake, match=r"ngrams=3 of 2,097,150 different words are mor"):
        Vocabulary.build(tokens, ngrams=3)
    with pytest.raises(Mistake, match=r"set data.ngrams=2"):
        Tokens(tokens.flat, few, few, range(2**21)).counts(3)
