"""One sound file as int16 samples: the one way, for training and for prediction.

WAV files are read here: whole numbers of 8 to 32 bits, floats of 32 and 64, and the 8
bits of telephones (A-law and mu-law), any number of channels and any rate. What
`soundfile` reads, such as FLAC and Ogg, is read where that package is installed.
Channels become their mean, and another rate is brought to the one that is asked for by
SciPy's polyphase filter, which lets no frequency above half of the new rate through.
"""

import importlib.util
import io
import math
import os
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zoo.core import signatures
from zoo.core.samples import FULL, PADDING
from zoo.errors import Mistake

SUFFIXES = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff")
PLAIN = (".wav", ".wave")
LOUDEST = FULL - 1
RATES = (1_000, 384_000)  # samples a second
CHANNELS = 64
SHORTEST = 0.01  # seconds: a step of the features
LONGEST = 600.0  # seconds that are read of a file
PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_DTYPES = {(PCM, 8): "u1", (PCM, 16): "<i2", (PCM, 32): "<i4"}
_DTYPES |= {(FLOAT, 32): "<f4", (FLOAT, 64): "<f8"}
_DTYPES |= {(A_LAW, 8): "u1", (MU_LAW, 8): "u1"}
_UNKNOWN_SIZES = (0xFFFFFFFF, 0x7FFFFFFF)  # of a stream whose end was not known
Source = str | os.PathLike | bytes | BinaryIO


@dataclass(frozen=True)
class Head:
    """What a sound file says of itself: samples a second, and seconds in all."""

    rate: int
    seconds: float


def is_one(path: Path) -> bool:
    """Whether a file is a sound, by the ending of its name."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def name_of(source: Source) -> str:
    """What a sound is called in messages."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "") or "the sound")


def head(source: Source) -> Head:
    """The rate and the length of a sound, without its samples.

    Raises:
        Mistake: see `read`.
    """
    found = _opened(source, 0.0)
    return Head(found.rate, found.seconds)


def read(source: Source, rate: int, seconds: float = LONGEST) -> np.ndarray:
    """The samples of one sound.

    Args:
        source: a file, its name or its bytes.
        rate: samples a second that are wanted.
        seconds: of the beginning that are read.

    Returns:
        int16 array of shape (samples,), -32767 to 32767; floats above 1 are scaled to
        a peak of 1.

    Raises:
        Mistake: there is no such file; it is empty, no sound, truncated, shorter than
            10 ms, or holds NaN.
    """
    found = _opened(source, min(seconds, LONGEST))
    return laid(found.samples, found.rate, rate, name_of(source))


def laid(samples: np.ndarray, rate: int, wanted: int, name: str) -> np.ndarray:
    """Samples of any rate and channels as int16 (samples,).

    Args:
        samples: float32 (samples, channels), 1 is the loudest.
        rate: of them, and `wanted` the one asked for.
        name: for the errors.

    Raises:
        Mistake: they are not finite, or too few.
    """
    mono = samples.mean(axis=1, dtype=np.float32)
    if not np.isfinite(mono).all():
        many = int((~np.isfinite(mono)).sum())
        raise Mistake(
            f"{name} holds NaN or infinity in {many:,} of {len(mono):,} samples"
        )
    if len(mono) < SHORTEST * rate:
        raise Mistake(
            f"{name} has {len(mono):,} samples, {1000 * len(mono) / rate:.3g} ms; "
            f"accepted: at least {1000 * SHORTEST:g} ms of sound"
        )
    if (peak := float(np.abs(mono).max())) > 1:
        mono /= peak
    if rate != wanted:
        from scipy.signal import resample_poly

        common = math.gcd(rate, wanted)
        mono = resample_poly(mono, wanted // common, rate // common)
    return np.clip(np.rint(mono * FULL), -LOUDEST, LOUDEST).astype(np.int16)


def is_silent(samples: np.ndarray) -> bool:
    """Whether all samples are the same."""
    return bool((samples == samples[0]).all())


def padded(sounds: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Sounds as int16 (n, length): longer ones are cut, `PADDING` is behind others."""
    rows = np.full((len(sounds), length), PADDING, np.int16)
    for row, samples in zip(rows, sounds, strict=True):
        row[: len(samples)] = samples[:length]
    return rows


def written(samples: np.ndarray, rate: int) -> bytes:
    """A WAV file of the samples of one sound, int16 (samples,), without padding."""
    content = samples[samples != PADDING].astype("<i2").tobytes()
    about = struct.pack("<HHIIHH", PCM, 1, rate, 2 * rate, 2, 16)
    size = struct.pack("<I", 36 + len(content))
    length = struct.pack("<I", len(content))
    head = b"".join([b"RIFF", size, b"WAVEfmt ", struct.pack("<I", 16), about])
    return head + b"data" + length + content


@dataclass(frozen=True)
class _Found:
    rate: int
    seconds: float
    samples: np.ndarray


def _opened(source: Source, seconds: float) -> _Found:
    """The head of a file, and its first seconds as float32 (samples, channels)."""
    name = name_of(source)
    if isinstance(source, bytes):
        return _read(io.BytesIO(source), len(source), name, seconds)
    if not isinstance(source, str | os.PathLike):
        content = source.read()
        return _read(io.BytesIO(content), len(content), name, seconds)
    if "\0" in os.fspath(source):
        raise Mistake(f"there is no sound {name!r}: no file has NUL in its name")
    try:
        about = os.stat(source)
        if not stat.S_ISREG(about.st_mode):
            what = "a folder" if stat.S_ISDIR(about.st_mode) else "no plain file"
            raise Mistake(f"{name} is {what}; give the file of a sound")
        with open(source, "rb") as file:
            return _read(file, about.st_size, name, seconds)
    except FileNotFoundError as error:
        raise Mistake(f"there is no sound {name}") from error
    except OSError as error:
        raise Mistake(f"{name} cannot be read: {error.strerror}") from error


def _read(file: BinaryIO, size: int, name: str, seconds: float) -> _Found:
    if not size:
        raise Mistake(f"{name} is empty: it has 0 bytes")
    start = file.read(12)
    if start[:4] in (b"RIFF", b"RF64") and start[8:12] == b"WAVE":
        found = _wav(file, size, name, seconds)
        return found or _by_soundfile(file, name, seconds)
    if why := _other(file):
        raise Mistake(f"{name} is no sound: {why}")
    if Path(name).suffix.lower() in PLAIN:
        raise Mistake(f"{name} is no WAV file: it does not begin with RIFF and WAVE")
    return _by_soundfile(file, name, seconds)


def _wav(file: BinaryIO, size: int, name: str, seconds: float) -> _Found | None:
    """What a WAV file holds; None if `soundfile` may know its numbers."""
    form = whole = None
    while len(about := file.read(8)) == 8:
        kind, length = about[:4], struct.unpack("<I", about[4:])[0]
        left = size - file.tell()
        if kind == b"data" and form is not None:
            if length in _UNKNOWN_SIZES:
                length = left if whole is None else whole
            if length > left:
                raise Mistake(
                    f"{name} is truncated: {length:,} bytes of sound should follow its "
                    f"head, and {left:,} do"
                )
            return _samples(file, length, form, name, seconds)
        if length > left:
            break
        if kind == b"ds64" and length >= 16:  # of a file of more than 4 GB
            whole = struct.unpack("<8xQ", file.read(16))[0]
            length -= 16
        if kind == b"fmt ":
            form = _format(file.read(min(length, 64)), name)
            if form is None:
                return None
            length -= min(length, 64)
        file.seek(length + length % 2, os.SEEK_CUR)
    raise Mistake(f"{name} is truncated: it has no sound behind its head")


def _format(about: bytes, name: str) -> tuple[int, int, int, int] | None:
    """Kind of numbers, channels, rate and bits of a WAV file; None: see `_wav`."""
    if len(about) < 16:
        raise Mistake(f"{name} is damaged: its head has {len(about)} bytes of 16")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", about[:16])
    if kind == EXTENSIBLE and len(about) >= 26:
        kind = struct.unpack("<H", about[24:26])[0]
    if (kind, bits) not in _DTYPES and (kind, bits) != (PCM, 24):
        if importlib.util.find_spec("soundfile"):
            return None
        raise Mistake(
            f"{name} is a WAV file of format {kind} with {bits} bits; accepted: whole "
            "numbers of 8, 16, 24 or 32 bits, floats of 32 or 64, A-law and mu-law; "
            "for others: pip install soundfile"
        )
    _check(rate, channels, name)
    return kind, channels, rate, bits


def _check(rate: int, channels: int, name: str) -> None:
    low, high = RATES
    if not low <= rate <= high or not 1 <= channels <= CHANNELS:
        raise Mistake(
            f"{name} has {rate:,} samples a second and {channels} channels; accepted: "
            f"{low:,} to {high:,}, and 1 to {CHANNELS}"
        )


def _samples(file: BinaryIO, size: int, form, name: str, seconds: float) -> _Found:
    kind, channels, rate, bits = form
    whole = channels * bits // 8
    count = size // whole
    if not count:
        raise Mistake(f"{name} holds no sound: it has 0 samples")
    taken = min(count, math.ceil(seconds * rate))
    content = file.read(taken * whole)
    if bits == 24:
        bytes_ = np.frombuffer(content, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(bytes_), 4), np.uint8)
        wide[:, 1:] = bytes_
        found = wide.view("<i4")[:, 0] / np.float32(2**31)
    else:
        found = np.frombuffer(content, _DTYPES[kind, bits])
        if kind in (A_LAW, MU_LAW):
            found = _of_telephone(kind)[found]
        elif bits == 8:
            found = (found.astype(np.float32) - 128) / 128
        elif kind == PCM:
            found = found / np.float32(2 ** (bits - 1))
    samples = found.astype(np.float32).reshape(-1, channels)
    return _Found(rate, count / rate, samples)


def _of_telephone(kind: int) -> np.ndarray:
    """The numbers of all bytes in A-law or mu-law, float32 (256,): ITU-T G.711."""
    code = np.arange(256) ^ (0x55 if kind == A_LAW else 0xFF)
    power, steps = code >> 4 & 7, code & 15
    if kind == A_LAW:
        large = (2 * steps + 33) << np.maximum(power - 1, 0)
        size = np.where(power, large, 2 * steps + 1)
        return (np.where(code & 128, size, -size) / 2**12).astype(np.float32)
    size = ((2 * steps + 33) << power) - 33
    return (np.where(code & 128, -size, size) / 2**13).astype(np.float32)


def _other(file: BinaryIO) -> str:
    """What a file is that can be no sound, by how it begins; "" if it may be one."""
    found = signatures.what_is(signatures.beginning(file))
    may_be = (signatures.A_SOUND, signatures.A_TEXT, signatures.FILM)
    if found.kind == signatures.ARRAY:
        return "it is an array: in Python, zoo.predict takes what numpy.load reads"
    return "" if found.kind in may_be else found.words


def _by_soundfile(file: BinaryIO, name: str, seconds: float) -> _Found:
    try:
        import soundfile
    except ImportError as error:
        raise Mistake(
            f"{name} is no WAV file; for FLAC, Ogg and MP3: pip install soundfile"
        ) from error
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as opened:
            _check(opened.samplerate, opened.channels, name)
            taken = min(opened.frames, math.ceil(seconds * opened.samplerate))
            samples = opened.read(taken, dtype="float32", always_2d=True)
            length = opened.frames / opened.samplerate
            return _Found(opened.samplerate, length, samples)
    except (RuntimeError, ValueError) as error:
        why = str(error).rpartition(">: ")[2]  # behind the file object that it names
        raise Mistake(f"{name} is no sound that can be read: {why}") from error
