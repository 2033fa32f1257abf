"""Texts as streams: tokens, windows, borders, floors, and what tells the next one."""

import collections
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import zoo
from zoo import data, metrics
from zoo.data import floors, ngrams
from zoo.data.kinds import streams
from zoo.errors import Mistake
from zoo.reporting.paired import differences

pytestmark = pytest.mark.once
TEXT = "the cat sat on the mat, the cat ran; a man sat on a hat.\n" * 20


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def load(tmp_path, text=TEXT, **arguments):
    path = tmp_path / "own.txt"
    path.write_text(text, "utf-8")
    return data.load("./own.txt", **{"window": 16, **arguments})


def joined(dataset, ids):
    return "".join(dataset.classes[each] for each in ids)


def test_parts_follow_each_other_and_no_window_crosses_a_border(tmp_path):
    found = load(tmp_path)
    texts = []
    for name in ("train", "validation", "test"):
        split = found.split(name)
        inputs, rows = np.asarray(split.inputs), split.inputs.rows
        after = np.concatenate(
            [inputs[:, 1:], rows[split.inputs.starts + 16][:, None]], 1
        )
        told = np.asarray(split.targets)
        assert np.array_equal(told[told >= 0], after[told >= 0])
        texts.append(joined(found, rows))
    assert "".join(texts) == TEXT
    assert [len(each) for each in texts] == [912, 114, 114]
    assert found.classes == ("", *sorted(set(texts[0])))


@pytest.mark.parametrize("window", [2, 7, 16, 100])
def test_every_token_of_a_test_is_answered_once(tmp_path, window):
    split = load(tmp_path, window=window).test
    told = np.asarray(split.targets)
    places = split.targets.starts[:, None] + np.arange(window)
    assert sorted(places[told >= 0].tolist()) == list(range(1, len(split.inputs.rows)))
    seen = (places - split.inputs.starts[:, None])[1:]  # tokens that come before
    assert seen[told[1:] >= 0].min() > (window - 1) // 2 or len(split) < 3


def test_training_windows_are_views_of_the_text(tmp_path):
    found = load(tmp_path, stride=4)
    assert (np.diff(found.train.inputs.starts) <= 4).all()
    assert (np.asarray(found.train.targets) >= 0).all()
    assert found.train.inputs.rows is found.train.targets.rows
    plain = load(tmp_path)
    assert (np.diff(plain.train.inputs.starts)[:-1] == 16).all()


def test_words_take_the_space_before_them_along(tmp_path):
    found = load(tmp_path, unit="words", vocabulary=9, window=8)
    assert len(found.classes) == 10
    assert {" the", "\n"} < {*found.classes}
    text = "It's  a\tman\u2019s hat; isn't it?\n"
    tokens = streams.learn(text, "words", 100)
    again = [tokens[each] for each in streams.encode(text, "words", tokens)]
    assert "".join(again) == text
    assert "words of its test part are unknown, such as ' ran'" in found.description


@pytest.mark.parametrize(
    "words",
    [
        ["नमस्ते", " हिन्दी", "!"],  # vowel signs are no letters to Python
        ["l'e\u0301te\u0301", " nai\u0308ve", "\n"],  # as macOS writes names
        ["\u2764", "\ufe0f", " a\u0308", "\u200d", "b"],
    ],
)
def test_words_keep_their_accents_and_vowel_signs(words):
    text = "".join(words)
    tokens = streams.learn(text, "words", 100)
    assert [tokens[each] for each in streams.encode(text, "words", tokens)] == words


def test_unknown_letters_are_told_and_counted(tmp_path):
    said = r"2 of 114 characters of its test part are unknown, such as 'é'"
    with pytest.warns(UserWarning, match=said):
        found = load(tmp_path, TEXT[:-3] + "éé\n")
    assert (found.test.inputs.rows == 0).sum() == 2


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"", {}, "own.txt is empty; give a text"),
        (b" \n ", {}, "own.txt is empty"),
        (b"a" * 500, {}, "the training text is 'a' over and over; nothing is to be"),
        (b"abc" * 40, {}, "its validation part, and a window of 16 needs 17"),
        (b"caf\xe9 " * 99, {}, r"no text in UTF-8: byte 3 is 0xe9; say .*latin-1"),
        (b"ab\0c" * 99, {}, "own.txt is no text: it holds bytes of 0, the first at 2"),
        (b"abc" * 99, {"unit": "letters"}, "'letters'.*characters, words"),
        (b"abc" * 99, {"window": 1}, "data.window=1; accepted: 2 tokens or more"),
        (
            b"abc" * 99,
            {"stride": 17},
            "data.stride=17; accepted: 1 to the window of 16",
        ),
        (b"abc" * 99, {"test": 1.0}, "test=1.0; accepted: 0 to less than 1"),
        (b"abc" * 99, {"test": 0.9, "validation": 0.3}, "leave no text to learn from"),
        (b"abc" * 99, {"encoding": "utf-99"}, "utf-99: Python knows no such one"),
        (b"abc" * 99, {"windw": 3}, "did you mean 'window'"),
        (
            b"a b" * 99,
            {"unit": "words", "vocabulary": 1},
            "data.vocabulary=1; accepted",
        ),
        (b"abc" * 99, {"fold": (0, 3)}, "a text is not cross-validated"),
        (b"abc" * 99, {"vocabulary": 9}, "=9 counts words, .* or set data.unit=words"),
        (b"abc" * 99, {"groups": "a"}, "groups=a names a column, and a text that goes"),
        (b"abc" * 99, {"time": "a"}, "time=a names a column, and a text that goes on"),
    ],
)
def test_bad_texts_are_told_in_one_line(tmp_path, content, arguments, said):
    (tmp_path / "own.txt").write_bytes(content)
    with pytest.raises(Mistake, match=said):
        data.load("./own.txt", **{"window": 16, **arguments})


def test_other_encodings_and_ends_of_lines(tmp_path):
    path = tmp_path / "own.txt"
    for encoding in ("utf-8-sig", "utf-16", "latin-1"):
        path.write_bytes("café\r\n".encode(encoding))
        given = None if encoding == "utf-8-sig" else encoding
        assert streams.read(path, given) == "café\n"


def test_a_txt_of_whose_columns_something_is_said_is_a_table(tmp_path):
    rows = "".join(f"{i / 7:.2f},{'ab'[i % 2]}\n" for i in range(60))
    (tmp_path / "own.txt").write_text(f"x,y\n{rows}", "utf-8")
    assert data.load("./own.txt", target="y").kind == "tabular"


# --- Metrics and floors


def brute(train, asked, count, order):
    """Witten-Bell by its formula, with dictionaries."""
    both, total = collections.Counter(), collections.Counter()
    kinds = collections.defaultdict(set)
    for length in range(order):
        for i in range(length, len(train)):
            context = tuple(train[i - length : i])
            both[context, train[i]] += 1
            total[context] += 1
            kinds[context].add(train[i])
    told = []
    for i, token in enumerate(asked):
        share = 1 / count
        for length in range(min(order, i + 1)):
            context = tuple(asked[i - length : i])
            if many := len(kinds.get(context, ())):
                share = (both[context, token] + many * share) / (total[context] + many)
        told.append(np.log(share))
    return told


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_n_grams_are_witten_and_bells(order):
    drawn = np.random.default_rng(0).integers(0, 5, 900) ** 2 % 7
    train, asked = drawn[:700], drawn[700:]
    found = ngrams.told(train, asked, 8, order)
    assert np.allclose(found, brute(train.tolist(), asked.tolist(), 8, order))


def test_floors_answer_the_tokens_that_a_network_answers(tmp_path):
    found = load(tmp_path)
    measured = floors.floors(found, "test", 1.0).metrics
    ids, train = found.test.inputs.rows, found.train.inputs.rows
    count = len(found.classes)
    assert measured["all tokens alike"]["loss"] == pytest.approx(np.log(count))
    assert measured["all tokens alike"]["bits"] == pytest.approx(np.log2(count))
    single = -ngrams.told(train, ids, count, 1)[1:].mean()
    assert measured["frequency of tokens"]["loss"] == pytest.approx(single, rel=1e-6)
    [name] = [each for each in measured if each.startswith("n-grams")]
    order = int(name.split()[1])
    assert name == f"n-grams, {order} tokens by validation"
    best = -ngrams.told(train, ids, count, order)[1:].mean()
    assert measured[name]["loss"] == pytest.approx(best, rel=1e-6)
    held = found.validation.inputs.rows
    losses = [-ngrams.told(train, held, count, k).mean() for k in range(1, 7)]
    assert order == 1 + int(np.argmin(losses))


@pytest.mark.realdata
def test_five_grams_of_tiny_shakespeare(monkeypatch, shared_data):
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared_data / "tfds"))
    found = data.load("tiny_shakespeare", split="nanogpt", validation=0.0)
    train, test = found.train.inputs.rows, found.test.inputs.rows
    assert (len(train), len(test), len(found.classes)) == (1_003_854, 111_540, 66)
    told = ngrams.told(train, test, 66, 5)
    assert -told.mean() == pytest.approx(1.669, abs=5e-4)
    plain = data.load("tiny_shakespeare")
    sizes = [len(plain.split(each).inputs.rows) for each in data.dataset.SPLITS]
    assert sizes == [1_003_854, 55_770, 55_770]


def test_metrics_are_the_means_over_tokens():
    draws = np.random.default_rng(0)
    logits, targets = draws.normal(size=(3, 5, 7)), draws.integers(0, 7, (3, 5))
    targets[1, :2] = -1
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    losses, right = [], []
    for i in range(3):
        for j in range(5):
            if targets[i, j] >= 0:
                losses.append(-np.log(shares[i, j, targets[i, j]]))
                right.append(shares[i, j].argmax() == targets[i, j])
    kept = metrics.scores(logits, targets)
    found = metrics.measure(kept, targets, "tokens")
    assert found["loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert found["bits"] == pytest.approx(np.mean(losses) / np.log(2), rel=1e-6)
    assert found["perplexity"] == pytest.approx(np.exp(np.mean(losses)), rel=1e-6)
    assert found["accuracy"] == np.mean(right)
    assert metrics.names("tokens", 7) == tuple(found)
    with pytest.raises(Mistake, match="NaN"):
        metrics.measure(kept * np.nan, targets, "tokens")
    seen = SimpleNamespace(outputs=kept, targets=targets, task="tokens", groups=None)
    worse = SimpleNamespace(**{**vars(seen), "outputs": kept * [2, 1]})
    [loss] = differences(seen, worse, "worse")  # of windows of 5, 3 and 5 tokens
    assert loss.first == pytest.approx(np.mean(losses), rel=1e-6)
    assert loss.value == pytest.approx(2 * np.mean(losses), rel=1e-6)


# --- Writing


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
@pytest.mark.parametrize("tied", [True, False])
def test_steps_are_those_of_the_network(cell, tied, monkeypatch):
    from zoo.layers import stepping
    from zoo.models import lstm_language

    arguments = {"cell": cell, "units": (6, 5), "embedding": 4, "tied": tied}
    model = zoo.build("lstm_language", vocabulary_size=9, window=12, **arguments)
    draws = np.random.default_rng(0)
    model.set_weights([draws.normal(size=w.shape) for w in model.get_weights()])
    ids = draws.integers(0, 9, (1, 12)).astype("int32")
    whole = keras.ops.convert_to_numpy(model(ids))[0]
    for precise, dtype in ((stepping.PRECISE, "float64"), (0, "float32")):
        monkeypatch.setattr(stepping, "PRECISE", precise)
        stepper = lstm_language.stepper(model)
        assert stepper.dtype == dtype
        steps = [stepper.step(int(token)) for token in ids[0]]
        assert np.abs(whole - steps).max() <= 1e-5 * np.abs(whole).max()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_steps_of_a_tied_network_in_16_bits_give_logits(precision):
    from zoo.models import lstm_language

    arguments = {"vocabulary_size": 9, "window": 3, "units": (6,), "embedding": 4}
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        model = zoo.build("lstm_language", **arguments)
    finally:
        keras.config.set_dtype_policy(before)
    draws = np.random.default_rng(0)
    model.set_weights([draws.normal(size=w.shape) for w in model.get_weights()])
    whole = keras.ops.convert_to_numpy(model(np.int32([[3, 1, 8]])))[0]
    stepper = lstm_language.stepper(model)
    steps = [stepper.step(token) for token in (3, 1, 8)]
    np.testing.assert_allclose(steps, whole, atol=0.03 * abs(whole).max())


@pytest.mark.slow  # two compilations
@pytest.mark.parametrize(
    ("tied", "summed"), [(False, "embedding"), (True, "projection")]
)
def test_what_thousands_of_tokens_teach_in_16_bits_is_that_in_32(
    tmp_path, tied, summed
):
    (tmp_path / "two.txt").write_text("ab" * 3000)
    found = []
    for precision in ("mixed_bfloat16", "float32"):
        recipe = zoo.Recipe(
            model="lstm_language",
            model_arguments={"units": (4,), "embedding": 3, "tied": tied},
            data=str(tmp_path / "two.txt"),
            data_arguments={"window": 64},
            batch=64,  # with 2,048 of either token
            epochs=1,
            optimizer="sgd",
            precision=precision,
        )
        folder = tmp_path / precision
        run = zoo.train(recipe, run=folder, quiet=True, floor=False)
        start = zoo.build(
            "lstm_language",
            vocabulary_size=3,
            window=64,
            units=(4,),
            embedding=3,
            tied=tied,
        )
        after, before = (
            each.get_layer(summed).get_weights()[-1] for each in (run.model, start)
        )
        found.append(after - before)
    np.testing.assert_allclose(*found, atol=0.03 * abs(found[1]).max())


@pytest.mark.parametrize("change", [{"label_smoothing": 0.1}, {"loss": "focal"}])
def test_other_losses_of_tokens_are_those_of_numpy(tmp_path, change):
    """At weights that hardly move the first epoch's loss is that of the start."""
    load(tmp_path)
    recipe = zoo.Recipe(
        model="lstm_language",
        model_arguments={"units": (4,), "embedding": 3},
        data="./own.txt",
        data_arguments={"window": 16},
        batch=8,
        epochs=1,
        learning_rate=1e-7,
        **change,
    )
    run = zoo.train(recipe, run="run", quiet=True, floor=False)
    split = data.load_for(recipe).train
    logits = keras.ops.convert_to_numpy(run.model(np.asarray(split.inputs)))
    logits = logits.astype("f8")
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    told = np.eye(logits.shape[-1])[np.asarray(split.targets)]
    shares = told * 0.9 + 0.1 / logits.shape[-1]
    if "loss" in change:
        shares = told * (1 - np.exp(logs)) ** 2
    expected = -(shares * logs).sum(-1).mean()
    right = (logits.argmax(-1) == np.asarray(split.targets)).mean()
    assert run.history[0]["loss"] == pytest.approx(expected, rel=1e-4)
    assert run.history[0]["accuracy"] == pytest.approx(right, abs=0.02)
