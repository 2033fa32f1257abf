"""Sounds made here: tones, and files of them, sound and damaged."""

import numpy as np
from scipy.io import wavfile

RATE = 8000


def tone(hertz, seconds=0.2, rate=RATE, loud=0.5):
    return loud * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def written(path, samples, rate=RATE, dtype="int16"):
    """A file as SciPy writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scale = {"int16": 32767, "int32": 2**31 - 1, "uint8": 127}.get(dtype, 1)
    middle = 128 if dtype == "uint8" else 0
    wavfile.write(path, rate, (np.asarray(samples) * scale + middle).astype(dtype))
    return path


def tones(root, count=6, classes=(300, 700), **options):
    random = np.random.default_rng(0)
    for hertz in classes:
        for number in range(count):
            seconds = 0.1 + 0.02 * number
            samples = tone(hertz, seconds) + 0.01 * random.normal(
                size=round(seconds * RATE)
            )
            written(root / str(hertz) / f"{number}.wav", samples, **options)
    return root


def loudest(samples, rate):
    return np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples)


def damaged(kind, folder):
    path = written(folder / f"{kind}.wav", tone(440))
    content = path.read_bytes()
    nan = tone(440).astype("float32")
    nan[7] = np.nan
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "truncated":
            path.write_bytes(content[:-100])
        case "head":
            path.write_bytes(content[:30])
        case "text":
            path.write_text("no sound")
        case "nan":
            written(path, nan, dtype="float32")
        case "short":
            written(path, tone(440)[:20])
        case "none":
            written(path, [])
        case "law":
            path.write_bytes(content.replace(b"\1\0\1\0", b"\7\0\1\0", 1))
    return path
