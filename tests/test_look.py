"""The page of a report: what stands in it, and that nothing of a stranger acts."""

import csv
import html.parser
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt
from sklearn import metrics as sklearn
from strangers import edit

import zoo
from zoo.errors import Mistake
from zoo.metrics.each import answered
from zoo.reporting import advice, classes, curves, screening
from zoo.reporting.pages import Page
from zoo.reporting.seen import look

pytestmark = [
    pytest.mark.once,
    # The widest letters are measured with a font that has not all of them.
    pytest.mark.filterwarnings("ignore:Glyph"),
]
LONG = "a name without an end " * 20
ODD = (
    "<script>alert(1)</script>",
    "$x_1$",
    "مرحبا",
    "日本語",
    LONG,
    "*a* | `b` [c](d) \\d",
)
PLAIN = ("text", "text_special", "strong_open", "strong_close")
OLD = Path(__file__).parent / "old"


class Text(html.parser.HTMLParser):
    """What a reader of the page reads, its elements, and what they name."""

    def __init__(self, page: str):
        super().__init__()
        self.parts, self.elements, self.named = [], [], []
        self.feed(page)
        self.text = "\n".join(self.parts)

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.named += [v for k, v in attributes if k in ("src", "href", "xlink:href")]

    def handle_data(self, data):
        self.parts.append(data)


def trained(tmp_path_factory, name, data="moons", **fields):
    folder = tmp_path_factory.mktemp("runs") / name
    given = {"model": "deep_mlp", "model_arguments": {"hidden": (8,)}}
    recipe = zoo.Recipe(data=data, **{**given, "batch": 8, "epochs": 2, **fields})
    return zoo.train(recipe, run=folder, quiet=True)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """What is drawn is drawn from few resamples, for the sake of time."""
    monkeypatch.setattr("zoo.metrics.classes.RESAMPLES", 20)
    monkeypatch.setattr(screening, "RESAMPLES", 10)


@pytest.fixture(autouse=True)
def no_tensorflow(monkeypatch):
    """Nothing here looks for TensorFlow, which Keras does on many occasions."""
    wanted = []

    class Finder:
        @staticmethod
        def find_spec(name, *_):
            wanted.append(name)

    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    yield
    assert "tensorflow" not in wanted


@pytest.fixture(scope="module")
def moons(tmp_path_factory):
    return trained(tmp_path_factory, "moons")


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A run on a table of a stranger, who chose all names."""
    file = tmp_path_factory.mktemp("data") / "odd.csv"
    random = np.random.default_rng(0)
    with open(file, "w", newline="", encoding="utf-8") as opened:
        write = csv.writer(opened).writerow
        write(["<i>wide</i>", "$h_2$", "種類"])
        for i in range(120):
            x, y = random.normal(i % 3, 1), random.normal(i % 2, 1)
            write([f"{x:.3f}", f"{y:.3f}", ODD[i % len(ODD)]])
    given = {"target": "種類"}
    return trained(tmp_path_factory, "<b>odd$", str(file), data_arguments=given)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A convolution on dark and bright pictures that has not learned to tell them."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("gray")
    for i in range(24):
        name = "dark" if i % 2 else "bright"
        place = folder / name / f"{i}.png"
        place.parent.mkdir(exist_ok=True)
        light = 40 if name == "dark" else 200
        noise = np.random.default_rng(i).integers(-20, 20, (16, 16))
        Image.fromarray((light + noise).astype(np.uint8)).save(place)
    return trained(
        tmp_path_factory,
        "gray",
        str(folder),
        model="tiny_vgg",
        model_arguments={"filters": 2},
        data_arguments={"size": 16, "channels": 1},
        learning_rate=1e-5,
    )


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    arguments = {"hidden": ()}
    return trained(
        tmp_path_factory, "line", "line", model_arguments=arguments, validation=0.3
    )


def read(run, **options) -> Text:
    path = zoo.report(run, **options)
    assert path == run.folder / "report.html"
    assert path.stat().st_size < 3 * 2**20
    return Text(path.read_text("utf-8"))


def titles(page: Text) -> set[str]:
    return {link for link in page.named if link.startswith("#")}


@pytest.mark.slow
def test_a_page_of_two_classes_that_asks_nothing_of_others(moons):
    page = read(moons)
    assert "script" not in page.elements
    assert all(each.startswith(("#", "data:")) for each in page.named)
    source = (moons.folder / "report.html").read_text("utf-8")
    assert "default-src 'none'" in source
    assert not re.search(r"@import|url\((?!#)", source)
    names = re.findall(r' id="([^"]+)"', source)
    assert len(names) == len({*names})
    expected = {"result", "curves", "classes", "thresholds", "calibration", "network"}
    expected |= {"decision-boundary", "time", "settings", "do-it-again"}
    assert {f"#{name}" for name in expected} <= titles(page)
    seen = look(moons)
    shares = seen.probabilities[:, 1]
    area = sklearn.roc_auc_score(seen.targets, shares)
    assert f"{area:.1%}" in page.parts
    assert f"the probability of {seen.finding}, without a temperature" in page.text
    assert f"{zoo.evaluate(moons)['accuracy']:.2%}" in page.parts
    assert "hidden=8" in page.parts
    assert f"zoo recipe {moons.folder} > again.py" in page.text
    assert "text" in page.elements, "the words of a drawing are words"


@pytest.mark.slow
def test_names_of_a_stranger_are_text(odd):
    page = read(odd)
    assert "script" not in page.elements
    for name in (*ODD[:4], ODD[5], "<i>wide</i>", "<b>odd$"):
        assert name in page.parts, name
    assert LONG not in page.text
    assert LONG[:60] in page.text
    drawn = (odd.folder / "report.html").read_text("utf-8")
    for svg in re.findall(r"<svg.*?</svg>", drawn, re.S):
        assert not re.search("script|x_1|مرحبا|日本語|wide", svg), "names in a drawing"


def test_the_same_in_words(odd):
    path = zoo.report(odd, format="md")
    assert path == odd.folder / "report.md"
    source = path.read_text("utf-8")
    lines = [line for line in source.splitlines() if not line.startswith("    ")]
    assert not re.search(r"(?<!\\)[$<]", "\n".join(lines))
    parts = []
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        assert token.type != "html_block"
        for child in token.children or ():
            assert child.type in PLAIN, child
        parts.append("".join(child.content for child in token.children or ()))
    assert {ODD[0], ODD[1], ODD[2], ODD[3], ODD[5]} <= {*parts}


@pytest.mark.slow
def test_pictures_that_are_wrong_stand_in_the_page(pictures):
    page = read(pictures)
    seen = look(pictures)
    wrong = int((answered(seen.outputs) != seen.targets).sum())
    assert page.elements.count("img") == wrong + 1 > 1  # and the filters
    assert {"#filters", "#most-confidently-wrong"} <= titles(page)


def test_a_page_of_numbers(line):
    page = read(line)
    assert {"#answers-and-truth", "#intervals", "#the-line"} <= titles(page)
    assert "#classes" not in titles(page)
    seen = look(line)
    errors = np.abs(seen.outputs - seen.targets)[:, 0]
    answers = zoo.predict(line, seen.inputs, confidence=0.8)
    ends = [each.intervals["y"] for each in answers]
    inside = np.mean(
        [
            low <= truth <= high
            for (low, high), truth in zip(ends, seen.targets[:, 0], strict=True)
        ]
    )
    row = page.parts.index("80%")
    assert f"{inside:.1%}" in page.parts[row : row + 8]
    assert f"{errors.mean():.4g}"[:5] in page.text


def test_a_run_without_its_data_says_so(odd, tmp_path):
    run = Path(shutil.copytree(odd.folder, tmp_path / "run"))
    edit(run / "recipe.json", data="./gone.csv")
    page = Text(zoo.report(run).read_text("utf-8"))
    assert "Without its examples: there is no file ./gone.csv" in page.text
    assert {"#result", "#curves", "#settings"} <= titles(page)
    assert "#classes" not in titles(page)
    with pytest.raises(Mistake, match="there is no file"):
        zoo.report(run, format="png")


@pytest.mark.slow
def test_a_cross_validation_shows_its_parts(tmp_path):
    recipe = zoo.Recipe("deep_mlp", "moons", {"hidden": ()}, batch=400, epochs=1)
    run = zoo.cross_validate(recipe, 2, tmp_path / "cv", quiet=True)
    page = read(run)
    assert "#parts" in titles(page)
    assert "part-1" in page.parts
    assert "zoo cross-validate again.py --folds 2 --backend " in page.text
    assert "a cross-validation has no network of its own" in page.text


@pytest.mark.filterwarnings("ignore:(?s).*older zoo")
def test_an_old_run_has_a_page(tmp_path):
    run = Path(shutil.copytree(OLD / "moons", tmp_path / "moons"))
    page = Text(zoo.report(run).read_text("utf-8"))
    assert "What needs no network was not measured for this run." in page.text


def test_metrics_of_another_form_are_left_out_or_refused(moons, tmp_path):
    run = Path(shutil.copytree(moons.folder, tmp_path / "run"))
    edit(run / "metrics.json", floors={}, seconds={}, conformal=3, folds=1)
    edit(run / "metrics.json", test={"accuracy": 0.25})
    page = Text(zoo.report(run).read_text("utf-8"))
    assert "#time" not in titles(page)
    assert "The run keeps accuracy 25.00%" in page.text
    edit(run / "metrics.json", seconds={"total": [2]})
    with pytest.raises(Mistake, match=r"metrics.json is damaged: its metrics are not"):
        zoo.report(run)


def test_a_format_that_is_none(moons):
    with pytest.raises(Mistake, match="report 'pdf'; accepted: html, md, png"):
        zoo.report(moons, format="pdf")


def test_a_notebook_shows_the_page(tmp_path):
    page = Page(tmp_path / "page.html")
    page.write_text("<script>alert(1)</script>")
    shown = page._repr_html_()
    assert "sandbox" in shown
    assert shown.startswith("<iframe srcdoc=")
    assert "<script" not in shown


def test_many_classes_are_grouped():
    counts = np.diag(np.arange(40)) + np.eye(40, k=1, dtype=int) * (np.arange(40) < 5)
    found = classes.matrix(tuple(f"class {i}" for i in range(40)), counts)
    joined = np.array(found.counts)
    assert joined.shape == (30, 30)
    assert joined.sum() == counts.sum()
    assert np.trace(joined) >= np.trace(counts)
    assert found.names[-1] == "all others"
    assert {f"class {i}" for i in range(6)} <= {*found.names}
    small = classes.matrix(("a", "b"), np.array([[3, 1], [0, 0]]))
    assert small.shares == [[0.75, 0.25], [0.0, 0.0]]


def test_advice_is_marked_where_it_applies():
    line = {"accuracy": 0.9, "validation_accuracy": 0.8, "seconds": 1.0, "waiting": 0.0}
    losses = [1.0, 0.5, 0.4, 0.3, 0.2, 0.1]
    behind = [1.0, 0.6, 0.5, 0.6, 0.8, 1.0]
    history = [
        {"epoch": i + 1, "loss": a, "validation_loss": b, **line}
        for i, (a, b) in enumerate(zip(losses, behind, strict=True))
    ]
    found = advice.advise(history)
    assert found[0].startswith("Overfitting: the validation loss was 0.5 in epoch 3")
    assert found[0].epochs == (3, 6)
    chart = curves.chart(history, "loss", found)
    plain = curves.chart(history, "loss", [])
    assert chart.svg.count(">1</text>") == plain.svg.count(">1</text>") + 1
