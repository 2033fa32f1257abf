"""Texts, arrays and labeled pictures of one's own, as they are handed out."""

import gzip
import os
import struct

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import data
from zoo.data.kinds.texts import Vocabulary
from zoo.data.kinds.tokens import split_words
from zoo.errors import Mistake

pytestmark = pytest.mark.once

WORDS = {"pos": "good fine lovely film number", "neg": "bad dull awful film number"}


def texts(folder, parts=("",), count=20):
    for part in parts:
        for label, words in WORDS.items():
            (folder / part / label).mkdir(parents=True)
            for i in range(count):
                file = folder / part / label / f"{i}.txt"
                file.write_text(f"{words} w{i}{part}", "utf-8")
    return str(folder)


def same_texts(found, counts):
    assert found.kind == "text"
    assert found.classes == ("neg", "pos")
    parts = (found.train, found.validation, found.test)
    assert [len(part) if part else 0 for part in parts] == counts
    words = found.encoder.words
    for row, label in zip(found.train.inputs, found.train.targets, strict=True):
        held = {words[i - 2] for i in row if i > 1}
        assert ("good" in held) == (label == 1)


def test_class_folders_of_texts(tmp_path):
    same_texts(data.load(texts(tmp_path / "reviews")), [29, 3, 8])
    split = texts(tmp_path / "split", ("train", "dev", "test"), 5)
    same_texts(data.load(split), [10, 10, 10])


def test_a_readme_beside_class_folders_of_pictures_makes_no_texts_of_them(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for i in range(6):
            shade = 20 * i + 10 * (label == "dog")
            Image.new("L", (8, 8), shade).save(tmp_path / label / f"{label}{i}.png")
        (tmp_path / label / "notes.txt").write_text("where they were taken")
    (tmp_path / "README.md").write_text("twelve pictures")
    with pytest.warns(UserWarning, match="passed over"):
        found = data.load(tmp_path, size=8)
    assert (found.kind, found.classes) == ("image", ("cat", "dog"))


def test_a_file_for_each_class_with_a_text_on_each_line(tmp_path):
    for label, words in WORDS.items():
        lines = "".join(f"{words} é{i}\n" for i in range(20))
        (tmp_path / f"{label}.txt").write_text(lines, "cp1252")
    (tmp_path / "more.pdf").write_text("x")
    with pytest.warns(UserWarning, match="1 file or folder is passed over.*more.pdf"):
        same_texts(data.load(tmp_path), [29, 3, 8])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_column_of_texts(suffix, tmp_path):
    path = tmp_path / f"reviews{suffix}"
    rows = [(f"{WORDS[label]} w{i}", label) for label in WORDS for i in range(20)]
    if suffix == ".csv":
        lines = ["text,label", *(f'"{text}",{label}' for text, label in rows)]
    else:
        lines = [f'{{"text": "{text}", "label": "{label}"}}' for text, label in rows]
    path.write_text("\n".join(lines))
    same_texts(data.load(path, target="label"), [29, 3, 8])
    short = data.load(path, target="label", text="text", length=3)
    assert short.input_shape == (3,)


def test_two_texts_are_learned_from_and_none_is_held_out(tmp_path):
    texts(tmp_path / "reviews", count=1)
    with pytest.warns(UserWarning, match="2 examples, too few for a test: none are"):
        same_texts(data.load(tmp_path / "reviews", validation=0), [2, 0, 0])


def make_texts(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(f"{name} number {i} of all" for i in range(5)))


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ("extra/pos/1.txt", "extra: it lies beside the splits"),
        ("notes.txt", "notes.txt: it lies beside the splits"),
        ("train/pos/.draft.txt", r"\.draft.txt: its name begins with \."),
        ("train/_old/1.txt", "_old: its name begins with _"),
        ("train/pos/inner/more.pdf", "more.pdf: it is no text"),
    ],
)
def test_what_is_not_read_of_a_folder_of_texts_is_told(odd, why, tmp_path):
    make_texts(tmp_path, "train/pos/1.txt", "train/neg/1.txt", odd)
    make_texts(tmp_path, "train/pos/Thumbs.db", "train/pos/._1.txt", ".DS_Store")
    with pytest.warns(UserWarning, match=f"1 file or folder is passed over.*{why}"):
        found = data.load(tmp_path, test=0, validation=0)
    assert len(found.train) == 2


def test_a_text_that_says_nothing_and_a_pipe(tmp_path):
    words = Vocabulary.build(split_words(["a good film", "a bad film"])[0])
    split = data.Split(words.encode(["good"]), np.zeros(1, np.int32))
    found = data.Dataset("films", "text", split, classes=("bad", "good"), encoder=words)
    for nothing in ("", "  ", ["", "\n"]):
        with pytest.raises(Mistake, match="nothing to predict: give a sentence in quo"):
            data.items(found, nothing)
    with pytest.warns(UserWarning, match="no word of 'zebra' and 1 more is known: the"):
        data.decode(found, ["good", "zebra", "!?"])
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(Mistake, match=r"pipe.txt is a pipe or a device; `zoo predict"):
        data.decode(found, [str(tmp_path / "pipe.txt")])
    os.mkfifo(tmp_path / "own.npz")
    with pytest.raises(Mistake, match=r"own.npz is a pipe or a device; give a file"):
        zoo.data.load(tmp_path / "own.npz")


def test_links_inside_of_a_class_of_texts_lead_nowhere(tmp_path):
    make_texts(tmp_path, "pos/1.txt", "neg/1.txt")
    (tmp_path / "pos" / "all").symlink_to(tmp_path)
    (tmp_path / "pos" / "gone.txt").symlink_to("nothing.txt")
    os.mkfifo(tmp_path / "pos" / "pipe.txt")
    with pytest.warns(
        UserWarning, match="3 files or folders are passed.*gone.txt: it is a link"
    ):
        assert len(data.load(tmp_path, test=0, validation=0).train) == 2


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("train/pos/1.txt", "val/pos/1.txt", "valid/pos/1.txt"), "val/ and valid/"),
        (("test/pos/1.txt", "test/neg/1.txt"), "has test/ but no train/"),
        (("pos.txt", "pos.md", "neg.txt"), "two files for the class 'pos'; keep one"),
        (("pos/1.txt", "neg/1.txt", "other/1.pdf"), "other holds no texts"),
    ],
)
def test_folders_of_texts_that_cannot_be_meant_are_refused(names, words, tmp_path):
    make_texts(tmp_path, *names)
    with pytest.raises(Mistake, match=words):
        data.load(tmp_path)


def test_one_class_of_texts_is_refused(tmp_path):
    texts(tmp_path / "reviews")
    for file in (tmp_path / "reviews" / "neg").iterdir():
        file.unlink()
    (tmp_path / "reviews" / "neg").rmdir()
    with pytest.raises(
        Mistake, match="one class, 'pos'; two are needed: put the texts"
    ):
        data.load(tmp_path / "reviews")


def idx(path, array):
    head = (
        b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    )
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wb") as file:
        file.write(head + array.tobytes())


@pytest.fixture
def digits():
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (40, 12, 9), "uint8")
    return images, np.arange(40, dtype="uint8") % 4


@pytest.mark.parametrize("ending", ["-idx{}-ubyte.gz", ".idx{}-ubyte"])
def test_idx_files_as_mnist_has_them(digits, ending, tmp_path):
    images, labels = digits
    for part, rows in (("train", slice(0, 30)), ("t10k", slice(30, 40))):
        idx(tmp_path / f"{part}-images{ending.format(3)}", images[rows])
        idx(tmp_path / f"{part}-labels{ending.format(1)}", labels[rows])
    for path in (tmp_path, tmp_path / f"train-images{ending.format(3)}"):
        found = data.load(path, validation=0)
        np.testing.assert_array_equal(found.train.inputs[..., 0], images[:30])
        np.testing.assert_array_equal(found.test.inputs[..., 0], images[30:])
        np.testing.assert_array_equal(found.test.targets, labels[30:])
        assert found.classes == ("0", "1", "2", "3")


def test_arrays_in_files_and_in_memory(digits, tmp_path):
    images, labels = digits
    np.savez(
        tmp_path / "a.npz",
        x_train=images[:30],
        y_train=labels[:30],
        x_test=images[30:],
        y_test=labels[30:],
    )
    np.savez(tmp_path / "b.npz", images=images / 255, labels=labels)
    np.save(tmp_path / "x.npy", images)
    np.save(tmp_path / "y.npy", labels)
    own = data.load(tmp_path / "a.npz", validation=0)
    np.testing.assert_array_equal(own.test.inputs[..., 0], images[30:])
    for name, options in {"b.npz": {}, "x.npy": {"target": "y.npy"}}.items():
        found = data.load(tmp_path / name, validation=0, test=0, **options)
        np.testing.assert_array_equal(found.train.inputs[..., 0], images)
        np.testing.assert_array_equal(found.train.targets, labels)
    recipe = zoo.Recipe(model="lenet", data=(images, labels))
    found = data.load(recipe.data, validation=0, test=0)
    np.testing.assert_array_equal(found.train.inputs[..., 0], images)
    rows = np.random.default_rng(0).normal(size=(40, 3))
    found = data.load((rows, labels), validation=0, test=0)
    np.testing.assert_allclose(found.train.inputs, rows, rtol=1e-6)
    np.savez(tmp_path / "rows.npz", x=rows, y=rows[:, 0] * 2 + rows[:, 1])
    assert data.load(tmp_path / "rows.npz").task == "numbers"


def test_arrays_that_do_not_fit(digits, tmp_path):
    images, labels = digits
    np.savez(tmp_path / "short.npz", x=images, y=labels[:-1])
    np.savez(tmp_path / "named.npz", one=images, two=labels, three=labels)
    np.save(tmp_path / "x.npy", images)
    (tmp_path / "bad.npz").write_bytes(b"PK\3\4 no")
    idx(tmp_path / "train-images-idx3-ubyte", images)
    for name, message in {
        "short.npz": "train has 40 inputs and 39 targets",
        "named.npz": "has the arrays one, two, three; call them x and y",
        "x.npy": "holds inputs; name the file of their targets: --target",
        "bad.npz": "bad.npz cannot be read",
        "train-images-idx3-ubyte": "has no labels beside it",
        "none.npz": "there is no file",
    }.items():
        with pytest.raises(Mistake, match=message):
            data.load(tmp_path / name)


def test_pictures_with_their_labels_in_a_table(tmp_path):
    (tmp_path / "images").mkdir()
    lines = ["file;sort"]
    for i in range(20):
        shade = np.full((8, 8, 3), 40 + 150 * (i % 2) + i, "uint8")
        Image.fromarray(shade).save(tmp_path / "images" / f"{i}.png")
        lines.append(f"{i}.png;{['dark', 'light'][i % 2]}")
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(lines))
    for given in (tmp_path, path):
        found = data.load(given, size=8, validation=0, test=0.25)
        assert found.kind == "image"
        assert found.classes == ("dark", "light")
        assert (len(found.train), len(found.test)) == (15, 5)
        bright = found.train.inputs.mean((1, 2, 3)) > 120
        np.testing.assert_array_equal(bright, found.train.targets == 1)
    path.write_text("\n".join([*lines, "none.png;dark"]))
    with pytest.raises(Mistake, match=r"labels.csv, row 21: there is no picture 'none"):
        data.load(path, size=8)


def test_copies_among_arrays_are_told_and_stay_on_one_side(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
    classes = np.arange(20) % 2
    both, path = np.concatenate([images, images]), tmp_path / "given.npz"
    np.savez(path, x=both, y=np.concatenate([classes, classes]))
    found = data.load(path)
    parts = [np.asarray(part.inputs) for part in (found.train, found.test)]
    seen, held = ({image.tobytes() for image in part} for part in parts)
    assert not seen & held
    np.savez(path, x=both, y=np.concatenate([classes, 1 - classes]))
    with pytest.warns(UserWarning, match="20 pictures of .*in two classes or more"):
        data.load(path, test=0, validation=0)
    np.savez(path, x_train=images, y_train=classes, x_test=images[:4], y_test=[0] * 4)
    with (
        pytest.warns(UserWarning, match="4 pictures of .* test split .*in train"),
        pytest.warns(UserWarning, match="2 pictures of .*in two classes"),
    ):
        data.load(path, validation=0)
    np.savez(path, x=images, y=classes, weights=classes)
    with pytest.warns(UserWarning, match="given.npz: not used: weights"):
        data.load(path)


def test_what_a_table_of_pictures_does_not_name_is_told(tmp_path):
    random = np.random.default_rng(0)
    for i in range(6):
        image = Image.fromarray(random.integers(0, 256, (8, 8), np.uint8))
        image.save(tmp_path / f"{i}.png")
    rows = [f"{i}.png,{'ab'[i % 2]},{i}" for i in range(5)]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["file,label,size", *rows, "0.png,b,0"]))
    with (
        pytest.warns(UserWarning, match=r"labels.csv: not used: size; pictures alone"),
        pytest.warns(UserWarning, match=r"1 picture is not used, such as .*5.png"),
        pytest.warns(UserWarning, match="1 picture of .* in two classes or more"),
    ):
        data.load(tmp_path, size=8, target="label", test=0, validation=0)


def test_what_is_missing_in_memory_is_told():
    import pandas

    texts = [f"a film of five words, number {i}" for i in range(20)]
    labels = ["a", "b"] * 10
    with pytest.warns(UserWarning, match="1 of 20 texts of .* are missing"):
        data.load(([*texts[:19], None], labels))
    frame = pandas.DataFrame({"x": np.arange(20.0) ** 2, "kind": labels})
    named = frame.assign(y=np.arange(20.0) ** 3).set_index("x")
    with pytest.warns(
        UserWarning, match="index of the table, x, is not used; table.re"
    ):
        data.load(named, target="kind", validation=0, test=0)
    rows = np.random.default_rng(0).normal(size=(20, 2))
    masked = np.ma.masked_array(rows, [[i == 3, False] for i in range(20)])
    found = data.load((masked, labels), validation=0, test=0)
    assert np.isnan(np.asarray(found.train.inputs)[3, 0])
    assert np.isnan(np.asarray(found.train.inputs)).sum() == 1
    with pytest.raises(Mistake, match="the targets are None; give one for each input"):
        data.load((rows, None))


def test_tables_that_belong_together_are_put_into_one(tmp_path):
    import pandas

    frame = pandas.DataFrame({"x": [0.5, 1.5, 4.0], "kind": ["a", "b", "a"]})
    with pytest.raises(Mistake, match="a list of 2 tables; put them into one, as pand"):
        data.load([frame, frame], target="kind")
    for pair in ((frame, frame["kind"]), (frame, frame)):
        with pytest.raises(Mistake, match="the inputs and the targets both have a col"):
            data.load(pair)
    frame.to_csv(tmp_path / "a.csv")
    frame.to_parquet(tmp_path / "b.parquet")
    told = "holds 2 tables, such as a.csv, and none is called train; give the name"
    with pytest.raises(Mistake, match=told):
        data.load(tmp_path, target="kind")


def test_a_file_of_another_kind_is_no_name_of_a_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("own.json", "own.csv.gz"):
        (tmp_path / name).write_text("{}", "utf-8")
        with pytest.raises(
            Mistake, match=rf"{name} is a file; .*give .* a table \(\.csv"
        ):
            data.load(name, target="kind")


def test_names_of_classes_that_look_alike_or_are_texts():
    rows = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.warns(UserWarning, match="classes 'Cat' and 'cat' of .* are two, and"):
        data.load((rows, ["Cat", "cat", "dog"] * 10))
    with pytest.raises(Mistake, match="name of 1,001 letters; accepted: at most 1,000"):
        data.load((rows, ["a" * 1001, "b", "c"] * 10))
