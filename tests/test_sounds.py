"""Sounds: files of all kinds, folders and tables of them, features and changes."""

import io
import os
import struct
import sys
import warnings
import wave

import keras
import numpy as np
import pytest
from scipy.io import wavfile
from tones import RATE, damaged, loudest, tone, tones, written

from zoo import data, layers
from zoo.core import mel
from zoo.core.samples import PADDING
from zoo.data import features, floors
from zoo.data.kinds import sequences, sound_files
from zoo.engine import kernels
from zoo.errors import Mistake

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))


# --- Files


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint8", "float32", "float64"])
def test_samples_are_those_of_the_file(tmp_path, dtype):
    given = tone(440)
    found = sound_files.read(written(tmp_path / "a.wav", given, dtype=dtype), RATE)
    assert found.dtype == np.int16
    assert np.abs(found / 32768 - given).max() < (0.02 if dtype == "uint8" else 1e-4)


def test_int16_at_its_own_rate_is_not_changed(tmp_path):
    given = np.random.default_rng(0).integers(-32767, 32768, 500).astype("int16")
    wavfile.write(tmp_path / "a.wav", RATE, given)
    assert np.array_equal(sound_files.read(tmp_path / "a.wav", RATE), given)


@pytest.mark.parametrize(
    ("law", "known"),  # of ITU-T G.711, in 16 bits
    [
        (6, {0xD5: 8, 0x55: -8, 0xAA: 32256, 0x2A: -32256, 0xC5: 264, 0xE5: 1056}),
        (7, {0xFF: 0, 0x80: 32124, 0x00: -32124, 0xF0: 120, 0xEF: 132, 0x8F: 16764}),
    ],
)
def test_the_8_bits_of_telephones(law, known):
    body = bytes(known) * 100
    form = struct.pack("<HHIIHH", law, 1, RATE, RATE, 1, 8)
    head = b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt "
    head += struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(body))
    found = sound_files.read(head + body, RATE)
    assert found[: len(known)].tolist() == [*known.values()]


def test_24_bits_and_a_head_that_says_more(tmp_path):
    given = (tone(440) * (2**23 - 1)).astype("<i4")
    content = given.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    form = struct.pack("<HHIIHH", 0xFFFE, 1, RATE, 3 * RATE, 3, 24)
    form += struct.pack("<HHI", 22, 24, 4) + struct.pack("<H", 1) + bytes(14)
    chunks = b"".join(
        kind + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2)
        for kind, part in [(b"LIST", b"odd"), (b"fmt ", form), (b"data", content)]
    )
    file = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    found = sound_files.read(file, RATE)
    assert np.abs(found / 32768 - tone(440)).max() < 1e-4


def test_96_khz_stereo_becomes_mono_at_another_rate(tmp_path):
    both = np.stack([tone(440, 0.2, 96_000), tone(440, 0.2, 96_000, 0.1)], axis=1)
    found = sound_files.read(written(tmp_path / "a.wav", both, 96_000), 16_000)
    assert len(found) == 3200
    assert loudest(found, 16_000) == 440
    middle = found[500:-500] / 32768  # the filter ends with the sound
    assert np.abs(middle - 0.6 * tone(440, 0.2, 16_000)[500:-500]).max() < 1e-3


def test_what_a_lower_rate_cannot_hold_is_filtered(tmp_path):
    path = written(tmp_path / "a.wav", tone(6000, rate=22_050), 22_050)
    assert np.abs(sound_files.read(path, RATE)[50:-50]).max() < 0.01 * 32768


def test_loud_floats_are_scaled(tmp_path):
    path = written(tmp_path / "a.wav", 20_000 * tone(440), dtype="float32")
    assert np.abs(sound_files.read(path, RATE)).max() > 32_700


def test_the_python_library_writes_the_same_file(tmp_path):
    samples = np.r_[(tone(440) * 9000).astype("int16"), [PADDING] * 50]
    content = sound_files.written(samples.astype("int16"), RATE)
    with wave.open(io.BytesIO(content)) as file:
        assert file.getparams()[:4] == (1, 2, RATE, len(tone(440)))
    assert np.array_equal(sound_files.read(content, RATE), samples[:-50])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("empty", r"empty\.wav is empty: it has 0 bytes"),
        ("truncated", "3,200 bytes of sound should follow its head, and 3,100 do"),
        ("head", "is truncated: it has no sound behind its head"),
        ("text", "is no WAV file: it does not begin with RIFF and WAVE"),
        ("nan", "holds NaN or infinity in 1 of 1,600 samples"),
        ("short", r"has 20 samples, 2\.5 ms; accepted: at least 10 ms of sound"),
        ("none", "holds no sound: it has 0 samples"),
        ("law", "of format 7 with 16 bits; accepted: whole numbers of 8, 16, 24 or 32"),
    ],
)
def test_bad_files_are_told(tmp_path, kind, said):
    with pytest.raises(Mistake, match=said):
        sound_files.read(damaged(kind, tmp_path), RATE)


def test_other_forms_need_a_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    (tmp_path / "a.flac").write_bytes(b"fLaC" + bytes(40))
    with pytest.raises(Mistake, match=r"a\.flac is no WAV file; for FLAC.*soundfile"):
        sound_files.read(tmp_path / "a.flac", RATE)


def test_a_folder_an_array_and_a_missing_file_are_told(tmp_path):
    np.save(tmp_path / "tone.npy", tone(440))
    with pytest.raises(Mistake, match="is no sound: it is an array: in Python"):
        sound_files.read(tmp_path / "tone.npy", RATE)
    with pytest.raises(Mistake, match="is a folder; give the file of a sound"):
        sound_files.read(tmp_path, RATE)
    with pytest.raises(Mistake, match=r"there is no sound .*none\.wav"):
        sound_files.read(tmp_path / "none.wav", RATE)


def test_of_a_long_file_the_beginning_is_read(tmp_path):
    with open(tmp_path / "hour.wav", "wb") as file:  # a file with a hole
        size = 2 * RATE * 3600
        head = sound_files.written(np.zeros(1, np.int16), RATE)[:40]
        file.write(head + struct.pack("<I", size))
        file.truncate(44 + size)
    assert sound_files.head(tmp_path / "hour.wav").seconds == 3600
    assert len(sound_files.read(tmp_path / "hour.wav", RATE)) == 600 * RATE
    assert len(sound_files.read(tmp_path / "hour.wav", RATE, 1.5)) == 1.5 * RATE


# --- Folders and tables


def test_class_folders(tmp_path):
    found = data.load(tones(tmp_path / "own"), validation=0.25)
    assert (found.kind, found.classes, found.rate) == ("sound", ("300", "700"), RATE)
    assert found.input_shape == (1600,)  # of the longest, 0.2 s
    assert [len(s) for s in (found.train, found.validation, found.test)] == [8, 2, 2]
    for samples, target in zip(found.train.inputs, found.train.targets, strict=True):
        heard = samples[samples != PADDING]
        assert abs(loudest(heard, RATE) - (300, 700)[target]) < 6
        assert (samples[len(heard) :] == PADDING).all()
    assert found.facts() == {"input_shape": (1600,), "classes": 2, "rate": RATE}


def test_given_splits_and_what_is_passed_over(tmp_path):
    for part in ("train", "test"):
        tones(tmp_path / "own" / part, 3 if part == "train" else 1)
    (tmp_path / "own" / "train" / "300" / "notes.md").write_text("x")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = data.load(tmp_path / "own", validation=0, rate=4000, seconds=0.1)
    lines = [str(each.message) for each in told]
    assert any("notes.md: it is no sound" in line for line in lines)
    assert any("4 of 8 sounds are longer than 0.1 s" in line for line in lines)
    assert any(
        "found 1 sound of" in line and "as well as in test/" in line for line in lines
    )
    assert (len(found.train), len(found.test), found.input_shape) == (6, 2, (400,))


def test_a_folder_with_bad_files_names_them(tmp_path):
    root = tones(tmp_path / "own")
    damaged("truncated", root / "300")
    damaged("empty", root / "700")
    with pytest.raises(
        Mistake, match=r"2 of 14 sounds cannot be read: .*truncated"
    ) as e:
        data.load(root)
    assert "it has 0 bytes" in str(e.value)
    with pytest.raises(Mistake, match="rate=7; accepted: 1,000 to 384,000"):
        data.load(root, rate=7)
    with pytest.raises(Mistake, match=r"seconds=0\.0; accepted: 0\.01 to 600"):
        data.load(root, seconds=0.0)


def test_silence_is_told(tmp_path):
    root = tones(tmp_path / "own")
    written(root / "300" / "silent.wav", np.zeros(800))
    with pytest.warns(
        UserWarning, match="1 of 13 sounds is silent: all samples are the"
    ):
        data.load(root)


def test_a_table_names_sounds_and_their_speakers(tmp_path):
    root = tones(tmp_path / "own" / "clips")
    names = sorted(str(each.relative_to(root)) for each in root.rglob("*.wav"))
    lines = [f"{name},{name[:3]},{'abc'[i % 3]}" for i, name in enumerate(names)]
    table = tmp_path / "own" / "labels.csv"
    table.write_text("\n".join(["file,pitch,speaker", *lines]))
    given = {"target": "pitch", "groups": "speaker", "validation": 0}
    found = data.load(table, **given)
    assert (found.kind, found.task) == ("sound", "classes")
    assert found.classes == ("300", "700")
    sides = [set(part.groups.tolist()) for part in (found.train, found.test)]
    assert len(sides[0]) + len(sides[1]) == 3
    assert not sides[0] & sides[1]
    parts = [data.load(table, **given, fold=(i, 3)) for i in range(3)]
    assert [len(part.test) for part in parts] == [4, 4, 4]
    with pytest.raises(Mistake, match=r"unknown column of labels\.csv 'speeker'"):
        data.load(table, target="pitch", groups="speeker")
    table.write_text("\n".join(["file,pitch,speaker", "none.wav,300,a", *lines]))
    with pytest.raises(Mistake, match=r"labels\.csv, row 1: there is no sound 'none"):
        data.load(table, target="pitch")
    of_windows = [line.replace("/", "\\") for line in lines]
    table.write_text("\n".join(["file,pitch,speaker", *of_windows]))
    assert data.load(table, **given).kind == "sound"
    table.write_text("\n".join(["file,pitch,speaker", *lines]), "utf-16")
    assert data.load(table, **given).kind == "sound"
    table.write_text("\n".join(["file,pitch,speaker", *(f"a/{e}" for e in lines)]))
    said = "labels.csv names sounds, such as 'a/300/0.wav', of which none was found"
    with pytest.warns(UserWarning, match=said):
        assert data.load(table, target="pitch").kind == "tabular"


def test_a_kept_copy_is_of_the_files_of_the_moment(tmp_path):
    """Of another folder, or under another name, files of one size and time differ."""
    for root, low, high in (("one", 300, 700), ("two", 700, 300)):
        for label, hertz in (("a", low), ("b", high)):
            for number in range(2):
                samples = tone(hertz + 40 * number)
                path = tmp_path / root / "own" / label / f"{number}.wav"
                os.utime(written(path, samples), (1e9, 1e9))

    def heard(root):
        found = data.load(tmp_path / root / "own", validation=0, test=0)
        return [round(loudest(each, RATE)) for each in found.train.inputs]

    assert heard("one") == [300, 340, 700, 740]
    assert heard("two") == [700, 740, 300, 340]
    first, second = (tmp_path / "one" / "own" / each / "0.wav" for each in "ab")
    first.rename(tmp_path / "aside")
    second.rename(first)
    (tmp_path / "aside").rename(second)
    assert heard("one") == [700, 340, 300, 740]
    kept = list((tmp_path / "cache" / "data").iterdir())
    assert len(kept) == 2  # and no older one


def test_what_a_run_keeps_is_opened(tmp_path):
    found = data.load(tones(tmp_path / "own"))
    found.save(tmp_path)
    again = data.restore(tmp_path)
    assert (again.rate, again.input_shape, again.kind) == (RATE, (1600,), "sound")
    text = (tmp_path / "data.json").read_text()
    (tmp_path / "data.json").write_text(text.replace(f'"rate": {RATE}', '"rate": 0'))
    with pytest.raises(Mistake, match="only sounds, and all, have a rate"):
        data.restore(tmp_path)


def test_sequences_in_a_file(tmp_path):
    path = tmp_path / "own.ts"
    path.write_text("#x\n@classLabel true a b\n@data\n1,2,3:4,?,6:b\n7:8:a\n")
    found, classes = sequences.read(path)
    assert classes == ["b", "a"]
    assert np.array_equal(found[0], [[1, 4], [2, np.nan], [3, 6]], equal_nan=True)
    assert found[1].tolist() == [[7, 8]]
    path.write_text(sequences.written(sequences.padded(found, 5)[0]))
    again, _ = sequences.read(path)
    assert np.array_equal(again[0], found[0], equal_nan=True)
    path.write_text("@data\n1,2:3:a\n")
    with pytest.raises(Mistake, match="line 2: accepted: channels of equally many"):
        sequences.read(path)


def test_names_say_what_they_need(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Mistake, match="pip install --no-deps aeon"):
        data.load("vowels")
    with pytest.raises(
        Mistake, match=r"recordings such as 0_george_0\.wav.*data\.path="
    ):
        data.load("spoken_digits", path=str(tmp_path))
    with pytest.raises(Mistake, match="unknown groups of spoken_digits 'speakers'"):
        data.load("spoken_digits", groups="speakers")


def test_spoken_digits_are_split_by_their_numbers(tmp_path):
    for digit in range(10):
        for speaker in ("ann", "bob"):
            for take in (0, 4, 5, 6):
                written(
                    tmp_path / "recordings" / f"{digit}_{speaker}_{take}.wav",
                    tone(200 + 50 * digit + take + 7 * (speaker == "bob"), 0.05),
                )
    given = {"path": str(tmp_path), "validation": 0}
    found = data.load("spoken_digits", **given)
    assert (len(found.train), len(found.test), found.rate) == (40, 40, RATE)
    parts = [
        data.load("spoken_digits", **given, groups="speaker", fold=(i, 2)).test
        for i in range(2)
    ]
    assert [len(np.unique(part.groups)) for part in parts] == [1, 1]


# --- Features and floors


@pytest.mark.slow
def test_the_mel_spectrogram_is_that_of_keras():
    given = np.random.default_rng(0).normal(size=(2, 800)).astype("float32")
    arguments = {"fft_length": 240, "sequence_stride": 80, "sampling_rate": RATE}
    arguments |= {"num_mel_bins": 20, "min_freq": 60, "power_to_db": False}
    known = keras.layers.MelSpectrogram(**arguments)(given)
    expected = keras.ops.convert_to_numpy(known)
    power = np.square(np.abs(np.fft.rfft(given[0, 80 * 4 - 120 :][:240] * hann(240))))
    bands = mel.bands(121, RATE, 20, 60, RATE / 2)
    assert np.allclose(power @ bands, expected[0, :, 4], rtol=1e-3)
    both = np.square(given[0, 80 * 4 - 120 :][:240] @ mel.waves(240))
    assert np.allclose(both[:121] + both[121:], power, rtol=1e-3, atol=1e-3)
    layer = layers.MelSpectrogram(**arguments)
    products = keras.ops.convert_to_numpy(layer(given))
    with kernels.in_use():
        transform = keras.ops.convert_to_numpy(layer(given))
    assert np.allclose(products, expected, rtol=1e-3)
    assert np.allclose(transform, products, rtol=1e-5, atol=1e-5)


def hann(width):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / width)


def test_floors_hear_cepstra(tmp_path):
    found = data.load(tones(tmp_path / "own", 10), validation=0)
    seen, asked = features.of(found, found.train, found.test)
    assert (seen.shape, asked.shape) == ((16, 104), (4, 104))
    measured = floors.floors(found, "test", seconds=10).metrics
    assert list(measured) == [
        "most frequent class",
        "logistic regression",
        "support vectors",
    ]
    assert measured["support vectors"]["accuracy"] == 1
