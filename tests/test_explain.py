"""Explanations find what was planted, add up, and see nothing where nothing is seen."""

import json
import math
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import cli, recipe
from zoo.data.dataset import Dataset, Split
from zoo.data.kinds import texts
from zoo.errors import Mistake
from zoo.explanation import METHODS, scores, showing
from zoo.reporting import forecasts
from zoo.reporting.side_by_side import Comparison

once = pytest.mark.once
CUE = np.s_[1:4, 5:8]  # bright where the class is "right", dark where it is "left"


def planted(count, seed):
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, 2, count).astype("int32")
    pictures = draw.integers(0, 256, (count, 12, 12, 1))
    pictures[(slice(None), *CUE)] = draw.integers(
        np.where(targets, 200, 0)[:, None, None, None],
        np.where(targets, 256, 56)[:, None, None, None],
        (count, 3, 3, 1),
    )
    return Split(pictures.astype("uint8"), targets)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A network that learned where the cue is."""
    own = Dataset(
        "own",
        "image",
        planted(400, 0),
        validation=planted(50, 1),
        test=planted(100, 2),
        classes=("left", "right"),
    )
    recipe = zoo.Recipe(
        model="deep_mlp",
        data="line",
        model_arguments={"hidden": (8,)},
        batch=20,
        epochs=12,
        learning_rate=0.003,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.data.sources.numbers.line", lambda: own)
        folder = tmp_path_factory.mktemp("explain") / "run"
        done = zoo.train(recipe, run=folder, quiet=True, floor=False)
    assert done.metrics["test"]["accuracy"] > 0.95
    return done


PICTURES = planted(6, 3).inputs


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion", "smoothgrad"])
def test_a_planted_cue_is_found(run, method):
    found = zoo.explain(run, PICTURES, method=method)
    inside, outside = [], []
    for each in found:
        size = np.abs(each.attributions[..., 0])
        inside.append(size[CUE].mean())
        size[CUE] = np.nan
        outside.append(np.nanmean(size))
    assert np.mean(inside) > 4 * np.mean(outside)
    assert {each.of for each in found} == {"left", "right"}


def test_integrated_gradients_add_up_and_say_by_how_much_not(run):
    for each in zoo.explain(run, PICTURES):
        assert each.method == "integrated_gradients"
        assert each.attributions.sum() == pytest.approx(each.difference + each.error)
        assert abs(each.error) < 0.01 * abs(each.difference)
    mean = PICTURES.mean(axis=(1, 2, 3), keepdims=True)
    base = np.broadcast_to(mean, PICTURES.shape).astype("float32")
    import keras

    high, low = (
        keras.ops.convert_to_numpy(run.model(keras.ops.convert_to_tensor(each)))
        for each in (PICTURES.astype("float32"), base)
    )
    right = zoo.explain(run, PICTURES, of="right")
    np.testing.assert_allclose(
        [each.difference for each in right], (high - low)[:, -1], rtol=1e-4, atol=1e-4
    )


def test_what_the_network_cannot_see_gets_nothing_and_other_weights_another_map(run):
    model = run.model
    before = model.get_weights()
    maps = [zoo.explain(run, PICTURES, method=m, of="left") for m in METHODS_OF_MAPS]
    try:
        blind = before[0].reshape(12, 12, -1).copy()
        blind[6:] = 0
        model.set_weights([blind.reshape(144, -1), *before[1:]])
        for method in METHODS_OF_MAPS:
            for each in zoo.explain(run, PICTURES[:2], method=method):
                rest = each.attributions[8:]  # windows reach one row further
                np.testing.assert_allclose(rest, 0, atol=1e-6)
                assert np.abs(each.attributions[:6]).max() > 1e-3
        # Adebayo et al. 2018, arXiv:1810.03292: random weights, another map
        model.set_weights(zoo.build("deep_mlp", seed=5, **ARGUMENTS).get_weights())
        for method, known in zip(METHODS_OF_MAPS, maps, strict=True):
            new = zoo.explain(run, PICTURES, method=method, of="left")
            pairs = zip(known, new, strict=True)
            alike = [np.corrcoef(*(e.attributions.ravel() for e in p)) for p in pairs]
            assert np.mean([each[0, 1] for each in alike]) < 0.5
    finally:
        model.set_weights(before)


METHODS_OF_MAPS = ("integrated_gradients", "occlusion")
ARGUMENTS = {"input_shape": (12, 12, 1), "hidden": (8,), "classes": 1}


def test_the_same_seed_gives_the_same_map(run):
    first, same, other = (
        zoo.explain(run, PICTURES[:1], method="smoothgrad", seed=seed)[0].attributions
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 0


def test_rows_are_compared_with_the_mean_of_the_training():
    rows = [[62, 4, 5, 3], [45, 1, math.nan, 3]]
    first, second = zoo.explain("mammogram_mlp:masses", rows)
    assert first.method == "shapley"
    assert first.parts == ("age", "shape", "margin", "density")
    assert first.values == ("62", "4", "5", "3")
    assert second.values[2] == ""
    for each in (first, second):
        assert abs(each.error) < 1e-5
        assert each.attributions.sum() == pytest.approx(each.difference, abs=1e-5)
    assert first.attributions[2] > 0.5  # spiculated
    assert second.attributions[2] == pytest.approx(0, abs=1e-6)  # missing, as the mean
    [other] = zoo.explain("mammogram_mlp:masses", rows[:1], of=first.of)
    np.testing.assert_array_equal(other.attributions, first.attributions)
    against = {"malignant": "benign", "benign": "malignant"}[first.of]
    [other] = zoo.explain("mammogram_mlp:masses", rows[:1], of=against)
    np.testing.assert_allclose(other.attributions, -first.attributions, atol=1e-6)
    assert other.probability == pytest.approx(1 - first.probability)


@pytest.mark.parametrize(
    ("about", "name", "score"),
    [
        ({"task": "numbers", "outputs": ("price",)}, "price", -3.5),
        ({"task": "labels", "classes": ("wet",)}, "wet", -3.5),
        ({"classes": ("benign", "malignant")}, "benign", 3.5),
    ],
)
def test_the_sign_of_one_output_changes_for_the_first_of_two_classes_only(
    about, name, score
):
    rows = Split(np.zeros((1, 2), "float32"), np.zeros((1, 1), "float32"))
    [found] = scores.asked(
        Dataset("own", "points", rows, **about), np.array([[-3.5]]), None, 1.0
    )
    assert (found.name, found.value) == (name, score)


def test_of_a_linear_network_all_methods_say_the_same():
    """The weight times the value, by NumPy: perceptron:iris is compared with 0."""
    row = [5.1, 1.4]
    classes = zoo.run.open_run("perceptron:iris").about_data.classes
    weights = zoo.load("perceptron:iris").get_weights()[0][:, 0]
    for method in ("gradient", "integrated_gradients", "shapley", "occlusion"):
        [found] = zoo.explain("perceptron:iris", [row], method=method)
        sign = 1 if found.of == classes[1] else -1
        np.testing.assert_allclose(
            found.attributions, sign * weights * row, rtol=1e-4, atol=1e-5
        )


def test_words_speak_for_a_review_and_against_it(tmp_path):
    random, neutral = (
        np.random.default_rng(0),
        ["the", "a", "film", "of", "is", "in", "that", "so", "it", "two"],
    )
    for label, word in {"bad": "awful", "good": "lovely", "plain": "the"}.items():
        (tmp_path / "films" / label).mkdir(parents=True)
        for number in range(60):
            words = [*random.choice(neutral, 6), word]
            random.shuffle(words)
            (tmp_path / "films" / label / f"{number}.txt").write_text(" ".join(words))
    recipe = zoo.Recipe(
        model="lstm_sentiment",
        data=str(tmp_path / "films"),
        data_arguments={"length": 10},
        model_arguments={"embedding": 8, "units": (8,), "cell": "gru"},
        batch=16,
        epochs=8,
        learning_rate=0.05,
    )
    run = zoo.train(recipe, run=tmp_path / "run", quiet=True, floor=False)
    assert run.metrics["test"]["accuracy"] == 1
    text = "A film that is AWFUL, so it is"
    for method in ("integrated_gradients", "occlusion"):
        [found] = zoo.explain(run, text, method=method)
        assert found.of == "bad"
        assert " ".join(found.parts) == text.lower().replace(",", "")
        assert found.parts[int(found.attributions.argmax())] == "awful"
        assert showing.marked(found)[4] == "+++awful"
    [found] = zoo.explain(run, "awful lovely " * 3 + "so " * 7)
    np.testing.assert_array_equal(found.attributions[:3], 0)  # the last 10 are read
    told = pytest.warns(UserWarning, match="no word of '...' is known")
    with told, pytest.raises(Mistake, match="input 2 has no word to explain"):
        zoo.explain(run, ["awful", "..."])


@once
@pytest.mark.parametrize("keep", texts.KEEPS)
def test_the_words_of_each_token(keep):
    words = ("not", "good", "film", "not good", "a", "not good film")
    known = texts.Vocabulary(words, 5, keep, 3)
    text = "A film: not good, <br>not GOOD film strange"
    read, spans = known.spans(text)
    assert read == ["a", "film", "not", "good", "not", "good", "film", "strange"]
    [row] = known.encode(text)
    for token, (first, end) in zip(row, spans, strict=True):
        named = " ".join(read[first:end])
        assert named == (words[token - 2] if token > 1 else "strange")
    assert known.spans("") == ([], [])
    assert known.spans("film") == (["film"], [(0, 1)])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"method": "grad_cams"},
            "unknown method 'grad_cams'; did you mean 'grad_cam'?; accepted: grad_cam, "
            "gradient, hires_cam, integrated_gradients, occlusion, smoothgrad",
        ),
        (
            {"method": "shapley"},
            "method=shapley is for rows; this network learned from pictures; accepted: "
            "gradient, integrated_gradients, smoothgrad, grad_cam, hires_cam, "
            "occlusion",
        ),
        (
            {"method": "grad-cam"},
            "method=grad_cam needs maps of a convolution, and deep_mlp has none; "
            "accepted: gradient, integrated_gradients, occlusion, smoothgrad",
        ),
        (
            {"of": "rigth"},
            "unknown class 'rigth'; did you mean 'right'?; accepted: left, right",
        ),
        ({"seed": -1}, "seed=-1; a seed is 0 or a positive whole number"),
        (
            {"seed": 1, "method": "gradient"},
            "seed=1 is of the noise of smoothgrad, and method=gradient has none; leave "
            "it out",
        ),
    ],
)
def test_what_cannot_be_explained_costs_one_line(run, options, said):
    with pytest.raises(Mistake) as mistake:
        zoo.explain(run, PICTURES[:1], **options)
    assert str(mistake.value) == said


@pytest.mark.once
def test_the_command_draws_pictures_and_marks_words(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PICTURES[0, ..., 0]).save("cue.png")
    Image.fromarray(PICTURES[1, ..., 0]).save("other.png")
    assert cli.call(["explain", str(run.folder), "cue.png", "--as-is"]) == 0
    title, path = capsys.readouterr().out.splitlines()
    assert title.startswith("cue.png: ")
    assert path == "cue.explained.png"
    drawn = np.asarray(Image.open(path))
    assert drawn.shape == (288, 2 * 288 + 8, 3)
    np.testing.assert_array_equal(drawn[::24, :288:24, 0], PICTURES[0, ..., 0])
    command = ["explain", str(run.folder), "cue.png", "other.png", "--to"]
    assert cli.call([*command, "why"]) == 0
    assert {p.name for p in (tmp_path / "why").iterdir()} == {
        "cue.explained.png",
        "other.explained.png",
    }
    assert cli.call([*command, "why.png"]) == 2
    assert "one file for 2 inputs; give a folder" in capsys.readouterr().err
    words = ["explain", "mammogram_mlp:masses", "--", "62,4,5,3"]
    assert cli.call(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["column", "value", "share"]
    assert lines[4].split()[:2] == ["margin", "5"]
    assert "++++" in lines[4]
    assert cli.call([*words[:2], "--json", "--to", "why.html", *words[2:]]) == 0
    [said] = json.loads(capsys.readouterr().out)
    assert said["parts"] == ["age", "shape", "margin", "density"]
    assert "http" not in (tmp_path / "why.html").read_text()
    assert cli.call([*words[:2], "--to", "why.png", *words[2:]]) == 2
    assert "why.png ends in '.png'; accepted: .html" in capsys.readouterr().err


@once
def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    words = ["explain", "mammogram_mlp:masses", "--to=~/why.html", "--", "62,4,5,3"]
    assert cli.call(words) == 0  # a shell expands it behind a space alone
    [found] = zoo.explain("mammogram_mlp:masses", [[62, 4, 5, 3]])
    assert found.save("~/again.html") == tmp_path / "again.html"
    forecasts.check("~/chart.svg")
    lines = "import zoo", "recipe = zoo.Recipe('perceptron', 'moons')"
    (tmp_path / "own.py").write_text("\n".join(lines))
    assert recipe.load("~/own.py").data == "moons"
    page = Comparison.save(SimpleNamespace(_page=str), "~/page.html")
    assert page == tmp_path / "page.html"
    assert not [*(tmp_path / "work").iterdir()]


@once
def test_a_notebook_shows_it_and_names_are_text():
    explanation = zoo.Explanation(
        "<i>", "<b>", 1.0, "occlusion", np.array([1.0, -0.5]), parts=("<u>", "&x")
    )
    tags, text = [], []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, _: tags.append(tag)
    parser.handle_data = text.append
    parser.feed(showing.page(explanation))
    assert not {"u", "i"} & {*tags}
    assert tags.count("b") == 1
    assert {"<u>", "&x"} <= {*text}
    assert explanation._repr_html_() in showing.page(explanation)
    table = zoo.Explanation(
        "1", "y", 1.0, "shapley", np.zeros(1), parts=("a",), values=("<",)
    )
    assert "<td>&lt;</td>" in table._repr_html_()
    assert {"smoothgrad", "grad_cam"} <= {*METHODS}


@pytest.mark.parametrize("method", ["grad_cam", "hires_cam"])
def test_maps_of_a_convolution_show_where(method, tmp_path):
    digit = np.zeros((28, 28), "uint8")
    digit[4:24, 13:16] = 255
    [found] = zoo.explain("lenet:mnist", digit, method=method, as_is=True)
    assert found.of == "1"
    assert found.attributions.shape == (28, 28, 1)
    assert np.abs(found.attributions).max() > 0
    assert found.save(tmp_path / "why.png").stat().st_size > 100


@once
def test_an_exported_file_is_explained_as_its_run_by_occlusion(tmp_path):
    sevens = np.zeros((28, 28), "uint8")
    sevens[5, 6:20], sevens[5:24, 18:21] = 255, 255
    asked = [
        ("lenet:mnist", sevens),
        ("mammogram_mlp:masses", [[62, 4, 5, 3], [40, None, 1, 2]]),
        ("lstm_sentiment:imdb", "a waste of two hours, with one wonderful song"),
        ("perceptron:iris", [[5.1, 1.4]]),
    ]
    for name, given in asked:
        file = zoo.export(name, tmp_path / f"{name.partition(':')[0]}.onnx")
        of_run = zoo.explain(name, given, method="occlusion")
        for mine, its in zip(zoo.explain(file, given), of_run, strict=True):
            assert (mine.method, mine.of, mine.parts) == (
                "occlusion",
                its.of,
                its.parts,
            )
            largest = np.abs(its.attributions).max()
            np.testing.assert_allclose(
                mine.attributions, its.attributions, atol=1e-4 * largest
            )
            assert mine.probability == pytest.approx(its.probability, abs=1e-4)
    with pytest.raises(Mistake, match=r"perceptron\.onnx does not tell apart"):
        zoo.explain(file, [[5.1, 1.4]], method="shapley")
    assert cli.call(["explain", str(file), "--backend", "jax", "5.1,1.4"]) == 2
