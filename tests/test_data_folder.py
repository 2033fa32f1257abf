"""Folders of pictures as people lay them down: splits, odd files, copies, names."""

import os
import shutil
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo import data
from zoo.data import places, splits
from zoo.errors import Mistake

pytestmark = pytest.mark.once


def fill(folder, sizes, seed=0):
    """Class folders of random pictures of 8 x 8 pixels, `sizes[class]` of each."""
    random = np.random.default_rng(seed)
    for label, count in sizes.items():
        (folder / label).mkdir(parents=True)
        for i in range(count):
            pixels = random.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{i}.png")
    return folder


def sizes(dataset):
    parts = (dataset.train, dataset.validation, dataset.test)
    return [len(part) if part else 0 for part in parts]


def load(folder, **arguments):
    return data.load(str(folder), size=8, **arguments)


def test_a_folder_is_given_as_a_path(tmp_path, monkeypatch):
    fill(tmp_path / "pets", {"cat": 5, "dog": 5})
    monkeypatch.chdir(tmp_path)
    assert data.load(Path("pets"), size=8).classes == ("cat", "dog")
    assert data.load(tmp_path / "pets", size=8).classes == ("cat", "dog")


@pytest.mark.parametrize("size", [8.5, "8", (8, 8.0), True, (8,), 0])
def test_a_size_that_is_no_number_of_pixels(tmp_path, size):
    fill(tmp_path, {"cat": 5, "dog": 5})
    told = "size is True; accepted: a whole number or 2 whole numbers"
    if size is not True:
        told = "give pixels, such as 224, or"
    with pytest.raises(Mistake, match=told):
        data.load(str(tmp_path), size=size)
    with pytest.raises(Mistake, match="size=100000; accepted: at most 33,554,432 pix"):
        data.load(str(tmp_path), size=100_000)


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "Val", "VALID"])
def test_the_users_own_validation_split_is_used(tmp_path, name):
    fill(tmp_path / "train", {"cat": 10, "dog": 10})
    fill(tmp_path / name, {"cat": 5, "dog": 5}, seed=1)
    dataset = load(tmp_path)
    assert sizes(dataset) == [20, 10, 0]
    with pytest.raises(Mistake, match="no test split here; it has train and "):
        dataset.split("test")
    first = np.asarray(Image.open(tmp_path / name / "cat" / "0.png"))
    np.testing.assert_array_equal(dataset.validation.inputs[0], first)
    with pytest.warns(
        UserWarning, match=r"validation=0\.2 is not used: .* 10 examples"
    ):
        assert sizes(load(tmp_path, validation=0.2)) == [20, 10, 0]
    with pytest.warns(UserWarning, match="10 validation examples of .* are left out"):
        assert sizes(load(tmp_path, validation=0)) == [20, 0, 0]
    assert sizes(load(tmp_path, test=0.2)) == [16, 10, 4]


def test_three_splits_in_letters_of_any_case(tmp_path):
    fill(tmp_path / "Training", {"cat": 6, "dog": 6})
    fill(tmp_path / "Dev", {"cat": 2, "dog": 2}, seed=1)
    fill(tmp_path / "TESTING", {"cat": 3, "dog": 3}, seed=2)
    assert sizes(load(tmp_path)) == [12, 4, 6]
    with pytest.raises(Mistake, match=r"has its own TESTING/; leave out test=0\.1"):
        load(tmp_path, test=0.1)


def test_two_folders_for_one_split_are_refused(tmp_path):
    for part in ("train", "val", "valid"):
        fill(tmp_path / part, {"cat": 2, "dog": 2})
    with pytest.raises(Mistake, match="val/ and valid/, both for the validation split"):
        load(tmp_path)


def test_splits_without_train_are_refused(tmp_path):
    fill(tmp_path / "val", {"cat": 2, "dog": 2})
    with pytest.raises(Mistake, match="has val/ but no train/; put the class folders"):
        load(tmp_path)
    fill(tmp_path, {"cat": 2, "dog": 2})
    with pytest.raises(Mistake, match="has val/ but no train/; put the class folders"):
        load(tmp_path)


def test_a_class_may_be_called_train(tmp_path):
    fill(tmp_path, {"train": 4, "plane": 4, "test": 4})
    assert load(tmp_path, validation=0, test=0).classes == ("plane", "test", "train")


def test_what_lies_beside_the_splits_is_told(tmp_path):
    fill(tmp_path / "train", {"cat": 10, "dog": 10})
    fill(tmp_path / "unlabeled", {"x": 1}, seed=1)
    (tmp_path / "labels.csv").write_text("0,cat\n", "utf-8")
    with pytest.warns(UserWarning, match=r"2 files or folders are passed over .*unlab"):
        assert sizes(load(tmp_path)) == [14, 2, 4]


def test_what_explain_drew_beside_a_picture_is_not_learned_from(tmp_path):
    fill(tmp_path, {"cat": 4, "dog": 4})
    Image.new("RGB", (8, 8)).save(tmp_path / "cat" / "0.explained.png")
    with pytest.warns(UserWarning, match=r"1 file .*0\.explained\.png: zoo explain dr"):
        assert sizes(load(tmp_path, validation=0, test=0)) == [8, 0, 0]
    assert len(places.expanded(tmp_path / "cat", "image")) == 4


def test_classes_that_differ_between_splits(tmp_path):
    fill(tmp_path / "train", {"cat": 4, "dog": 4, "rare": 4})
    fill(tmp_path / "val", {"cat": 2, "dog": 2}, seed=1)
    with pytest.warns(UserWarning, match=r"no pictures of 1 of 3 classes: rare; noth"):
        dataset = load(tmp_path)
    assert np.bincount(dataset.validation.targets, minlength=3).tolist() == [2, 2, 0]
    fill(tmp_path / "val", {"bird": 2}, seed=2)
    with pytest.raises(Mistake, match=r"val/ in .* only in one of them: bird, rare"):
        load(tmp_path)


FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")


def test_pictures_are_known_by_their_first_bytes(tmp_path):
    fill(tmp_path, {"cat": 5, "dog": 5})
    random = np.random.default_rng(1)
    for i, format in enumerate(FORMATS):
        image = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8))
        image.save(tmp_path / "cat" / f"photo{i}", format)
        turned = image.transpose(Image.Transpose.ROTATE_90)
        turned.save(tmp_path / "dog" / f"x{i}.jfif", "JPEG")
    for number, text in enumerate(("BMW and other cars", "P1 was first", "II*")):
        (tmp_path / "cat" / f"note{number}").write_text(text, "utf-8")
    with pytest.warns(UserWarning, match=r"3 files or folders are passed over .*note0"):
        assert sizes(load(tmp_path, validation=0, test=0)) == [10 + 2 * 9, 0, 0]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cat/notes.txt", "it is no picture"),
        ("cat/deeper/0.png", "it lies inside a class folder"),
        ("cat/.hidden.png", "it is hidden"),
        ("loose.png", "it lies beside the class folders"),
        ("_more/0.png", "its name begins with _"),
    ],
)
def test_what_is_passed_over_is_told_with_an_example(tmp_path, name, why):
    fill(tmp_path, {"cat": 3, "dog": 3})
    (tmp_path / name).parent.mkdir(exist_ok=True)
    shutil.copy(tmp_path / "cat" / "0.png", tmp_path / name)
    if name.endswith(".txt"):
        (tmp_path / name).write_text("dear diary", "utf-8")
    shown = r"1 file or folder is passed over in .*" + why
    with pytest.warns(UserWarning, match=shown):
        load(tmp_path, validation=0, test=0)


def test_links_to_nothing_are_told_with_their_target(tmp_path):
    fill(tmp_path / "pets", {"cat": 3, "dog": 3})
    (tmp_path / "pets" / "cat" / "lost.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "pets" / "bird").symlink_to("birds")
    shown = r"2 files or folders are passed over .*bird: it is a link to birds, not th"
    with pytest.warns(UserWarning, match=shown):
        assert load(tmp_path / "pets", validation=0, test=0).classes == ("cat", "dog")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(Mistake, match="link is a link to nowhere, which is not there"):
        load(tmp_path / "link")


def test_what_systems_leave_behind_is_not_worth_a_line(tmp_path):
    fill(tmp_path, {"cat": 3, "dog": 3})
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "._0.png", ".gitkeep"):
        (tmp_path / "cat" / name).write_text("junk", "utf-8")
    (tmp_path / "__MACOSX").mkdir()
    assert sizes(load(tmp_path, validation=0, test=0)) == [6, 0, 0]


def test_copies_stay_on_one_side_of_carved_splits(tmp_path):
    fill(tmp_path, {"cat": 6, "dog": 6})
    for label in ("cat", "dog"):
        for i in range(6):
            for k in range(4):
                source = tmp_path / label / f"{i}.png"
                shutil.copy(source, tmp_path / label / f"{i} copy {k}.png")
    shown = r"found 48 pictures .* that are copies, such as .*copy 1\.png of .*0 copy 0"
    with pytest.warns(UserWarning, match=shown):
        dataset = load(tmp_path, validation=0.2)
    assert sum(sizes(dataset)) == 60
    assert min(sizes(dataset)) == 10
    parts = [
        {image.tobytes() for image in part.inputs[np.arange(len(part))]}
        for part in (dataset.train, dataset.validation, dataset.test)
    ]
    assert [len(part) for part in parts] == [8, 2, 2]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


def test_without_copies_a_split_is_what_it_was():
    targets = np.random.default_rng(0).integers(0, 3, 200)
    for seed in range(5):
        plain = splits.carve(targets, 0.3, seed, ("a", "b", "c"), "test")
        prints = np.arange(200, dtype=np.uint64)[::-1]
        other = splits.carve(targets, 0.3, seed, ("a", "b", "c"), "test", prints)
        for one, two in zip(plain, other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_a_class_of_one_picture_and_its_copies_can_still_be_split():
    targets = np.repeat([0, 1], 10)
    prints = np.array([7] * 10 + list(range(10)), np.uint64)
    kept, held = splits.carve(targets, 0.2, 0, ("same", "other"), "test", prints)
    assert np.bincount(targets[held]).tolist() == [2, 2]
    assert sorted([*kept, *held]) == list(range(20))


def test_copies_in_two_given_splits_and_in_two_classes_are_told(tmp_path):
    fill(tmp_path / "train", {"cat": 5, "dog": 5})
    fill(tmp_path / "val", {"cat": 3, "dog": 3}, seed=1)
    fill(tmp_path / "test", {"cat": 3, "dog": 3}, seed=2)
    shutil.copy(tmp_path / "val/cat/0.png", tmp_path / "test/cat/copy.png")
    with pytest.warns(
        UserWarning, match=r"found 1 picture .* in val/ as well as in test/, "
    ):
        load(tmp_path)
    (tmp_path / "test/cat/copy.png").unlink()
    shutil.copy(tmp_path / "train/cat/0.png", tmp_path / "train/dog/again.png")
    shown = r"found 1 picture .* two classes or more, such as .*cat/0\.png and .*again"
    with pytest.warns(UserWarning, match=shown):
        load(tmp_path)


def test_a_picture_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    fill(tmp_path, {"cat": 3, "dog": 3})
    Image.new("1", (13500, 13500)).save(tmp_path / "cat" / "scan.png")
    whole = (tmp_path / "cat" / "0.png").read_bytes()
    (tmp_path / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "dog" / "empty.jpg").write_bytes(b"")
    (tmp_path / "dog" / "drawing.png").write_text("<svg></svg>", "utf-8")
    with pytest.raises(Mistake, match="4 of 10 pictures cannot be read") as error:
        load(tmp_path)
    for text in (
        r"scan.png is not a readable picture: it is larger than Pillow's limit",
        r"182250000 pixels",
        r"cut.png is not a readable picture: image file is truncated",
        r"empty.jpg is not a readable picture: it is empty: it has 0 bytes",
        r"drawing.png is not a readable picture: it is a drawing (SVG): save it as PNG",
        r"; remove or replace them",
    ):
        assert text in str(error.value)


def test_pictures_of_a_form_that_is_not_read_are_named_with_what_to_do(tmp_path):
    fill(tmp_path, {"cat": 6, "dog": 6})
    heic = b"\0\0\0\x24ftypheic\0\0\0\0mif1heic"
    (tmp_path / "dog" / "IMG_1.HEIC").write_bytes(heic)
    told = "IMG_1.HEIC: it is a HEIC picture, as phones make them: save it as JPEG"
    with pytest.warns(UserWarning, match=told):
        load(tmp_path)
    for file in (tmp_path / "dog").glob("*.png"):
        file.unlink()
    with pytest.raises(Mistake, match=rf"dog holds no pictures \(.*\); {told}"):
        load(tmp_path)


def test_a_small_file_that_unpacks_to_much_is_refused(tmp_path):
    fill(tmp_path, {"cat": 3, "dog": 3})
    Image.new("L", (9000, 9000)).save(tmp_path / "cat" / "bomb.png")
    with pytest.raises(Mistake, match="it has 9000 x 9000 pixels; accepted: at"):
        load(tmp_path)


def test_names_that_are_not_utf8_are_kept(tmp_path):
    fill(tmp_path, {"cafe": 6, "tea": 6})
    os.rename(tmp_path / "cafe", os.fsencode(tmp_path) + b"/caf\xe9")
    os.rename(tmp_path / "tea/0.png", os.fsencode(tmp_path) + b"/tea/th\xe9.png")
    dataset = load(tmp_path)
    assert dataset.classes == ("caf\udce9", "tea")
    dataset.save(tmp_path / "run")
    assert data.restore(tmp_path / "run").classes == dataset.classes


def test_a_changed_folder_takes_the_place_of_its_copy(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    fill(tmp_path / "pets", {"cat": 3, "dog": 3})
    for i in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            load(tmp_path / "pets", validation=0, test=0)
        assert len(list((tmp_path / "cache" / "data").iterdir())) == 1
        Image.new("RGB", (8, 8), (i, 0, 0)).save(tmp_path / "pets" / "cat" / "0.png")


def test_a_file_is_no_folder_of_pictures(tmp_path):
    (tmp_path / "pets.zip").write_bytes(b"PK")
    with pytest.raises(Mistake, match=r"pets\.zip is a file; give the folder that"):
        load(tmp_path / "pets.zip")


@pytest.mark.parametrize("path", ["C:/nosuch", r"C:\nosuch", r".\nosuch", "~/no/such"])
def test_paths_of_any_system_are_paths(path):
    with pytest.raises(Mistake, match="there is no folder"):
        data.load(path)


def test_an_accent_is_a_letter_whatever_its_bytes(tmp_path):
    """macOS writes accents as characters beside the letters."""
    whole, apart = (unicodedata.normalize(form, "caf\u00e9") for form in ("NFC", "NFD"))
    fill(tmp_path / "one", {apart: 4, "tea": 4})
    assert data.load(tmp_path / "one", size=8, test=0, validation=0).classes == (
        whole,
        "tea",
    )
    fill(tmp_path / "two", {whole: 4, apart: 4})
    with pytest.raises(Mistake, match="two folders for the class 'caf\u00e9'"):
        data.load(tmp_path / "two", size=8)


@pytest.mark.parametrize(
    "change", [{"channels": 1.0}, {"channels": True}, {"seed": 1.5}]
)
def test_numbers_of_another_type_are_refused(tmp_path, change):
    fill(tmp_path, {"cat": 4, "dog": 4})
    [(name, value)] = change.items()
    with pytest.raises(Mistake, match=f"{name}(=| is ){value}; "):
        data.load(tmp_path, **{"size": 8, **change})
