"""Changes of sounds: where they begin, how fast, how high they are, noise, gaps, rooms.

D. Park et al. 2019, arXiv:1904.08779, hide stretches of time and of frequency; T. Ko et
al. 2015, doi:10.21437/Interspeech.2015-711, change the speed; N. Jaitly and G. Hinton
2013, "Vocal tract length perturbation", move the formants, as `pitch` does here;
H. Nam et al. 2022, "FilterAugment", arXiv:2110.03282, draw what a room or a microphone
does to frequencies. All take and give int16 samples of shape (batch, samples) with
`PADDING` behind the end of each sound, and are functions of the draws alone.
"""

from collections.abc import Iterator

import numpy as np

from zoo.augment.draws import Draws
from zoo.core.samples import FULL, PADDING

LOUDEST = FULL - 1
GRAIN = 256  # samples, half of a window; several periods of a voice
POINTS = 5  # of an equalizer: an octave or so apart
# Where the mel scale, log(1 + Hz / 700), is at 4,000 Hz. An operation is not told the
# rate; the scale of 8,000 samples a second serves all, from 0 to half the rate.
BEND = 4000 / 700


def time_shift(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """Silence before a sound, up to `strength` of the whole length, where room is left.

    Half of the time the beginning is cut off instead, by up to a quarter of that.
    """
    length = sounds.shape[1]
    drawn = draws.uniform(1)[:, 0]
    counts = _lengths(sounds)
    late = np.minimum(
        ((2 * drawn - 1) * strength * length).astype(int), length - counts
    )
    early = ((1 - 2 * drawn) * strength * length / 4).astype(int)
    early = np.minimum(early, counts // 2)
    moved = np.where(drawn >= 0.5, late, -early)
    places = np.arange(length) - moved[:, None]
    found = np.take_along_axis(sounds, places.clip(0, length - 1), axis=1)
    found[places < 0] = 0
    found[np.arange(length) >= (counts + moved)[:, None]] = PADDING
    return found


def speed(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """Sounds up to `strength` faster, or slower, and so much higher, or lower.

    What then goes beyond the length is cut off.
    """
    found = np.full_like(sounds, PADDING)
    for row, count, factor, to in _each(sounds, strength, draws, found):
        length = min(int(np.ceil(count / factor)), len(to))
        to[:length] = np.rint(_between(row, np.arange(length) * factor))
    return found


def pitch(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """Sounds up to `strength` higher, or lower, and as fast as they were.

    Grains of the sound are each played faster or slower, and laid over each other under
    windows whose sum is 1.
    """
    found = np.full_like(sounds, PADDING)
    for row, count, factor, to in _each(sounds, strength, draws, found):
        to[:count] = _of_grains(row, count, 1.0, factor)
    return found


def tempo(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """Sounds up to `strength` faster, or slower, and as high as they were.

    The grains of `pitch`, as they are, come from places further apart, or nearer. What
    then goes beyond the length is cut off.
    """
    found = np.full_like(sounds, PADDING)
    for row, count, factor, to in _each(sounds, strength, draws, found):
        length = min(int(np.ceil(count / factor)), len(to))
        to[:length] = _of_grains(row, length, factor, 1.0)
    return found


def noise(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """White noise, whose deviation is up to `strength` of that of the sound."""
    counts, audible = _lengths(sounds), _audible(sounds)
    heard = np.maximum(counts, 1)
    mean = audible.sum(axis=1, dtype="float64") / heard  # which nobody hears
    square = np.square(audible).sum(axis=1, dtype="float64") / heard
    loud = np.sqrt(np.maximum(square - np.square(mean), 0))
    share = draws.uniform(1)[:, 0] * strength
    # Even draws, which cost less than a bell, and are as white: deviation 73.9.
    drawn = draws.bytes(sounds.shape[1]) - np.float32(127.5)
    scale = (share * loud / 73.9).astype("float32")
    return _padded(audible + drawn * scale[:, None], counts)


def time_mask(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """One stretch of each sound becomes silent, up to `strength` of its length."""
    counts = _lengths(sounds)
    drawn = draws.uniform(2)
    wide = (drawn[:, 0] * strength * counts).astype(int)
    first = (drawn[:, 1] * (counts - wide + 1)).astype(int)
    places = np.arange(sounds.shape[1])
    hidden = (places >= first[:, None]) & (places < (first + wide)[:, None])
    return np.where(hidden, np.int16(0), sounds)


def frequency_mask(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """One band of frequencies becomes silent, up to `strength` of all of them."""
    drawn = draws.uniform(2)
    counts = _lengths(sounds)
    heard = np.fft.rfft(_audible(sounds), axis=1)
    wide = drawn[:, 0] * strength * heard.shape[1]
    first = drawn[:, 1] * (heard.shape[1] - wide)
    places = np.arange(heard.shape[1])
    heard[(places >= first[:, None]) & (places < (first + wide)[:, None])] = 0
    return _padded(np.fft.irfft(heard, sounds.shape[1], axis=1), counts)


def equalizer(sounds: np.ndarray, strength: float, draws: Draws) -> np.ndarray:
    """Another room: frequencies up to `strength` x 10 dB louder, or quieter.

    Or another microphone. Gains are drawn at five frequencies, evenly apart on the mel
    scale of 8,000 samples a second, and lie on lines between them, in decibels. A sound
    that is then too loud for 16 bits becomes quieter as a whole: nothing is cut off.
    """
    counts, length = _lengths(sounds), sounds.shape[1]
    drawn = (2 * draws.uniform(POINTS) - 1) * strength / 2  # 20 dB are ten times
    mel = np.log1p(BEND * 2 * np.fft.rfftfreq(length)) / np.log1p(BEND)
    places = mel * (POINTS - 1)
    below = np.minimum(places.astype(int), POINTS - 2)
    near = (places - below).astype(np.float32)
    drawn = drawn.astype(np.float32)
    gains = 10 ** (drawn[:, below] * (1 - near) + drawn[:, below + 1] * near)
    heard = np.fft.rfft(_audible(sounds), axis=1) * gains
    found = np.fft.irfft(heard, length, axis=1)
    found[np.arange(length) >= counts[:, None]] = 0
    peak = np.abs(found).max(axis=1, keepdims=True)
    return _padded(found * (LOUDEST / np.maximum(peak, LOUDEST)), counts)


CHANGES = {
    "time_shift": time_shift,
    "speed": speed,
    "pitch": pitch,
    "tempo": tempo,
    "noise": noise,
    "time_mask": time_mask,
    "frequency_mask": frequency_mask,
    "equalizer": equalizer,
}
"""Operations that change each sound by itself."""


def _each(sounds, strength: float, draws: Draws, found) -> Iterator[tuple]:
    """Samples, their number, a factor, and room for what they become, of each sound.

    Factors are even in their logarithms, from 1 / (1 + strength) to 1 + strength.
    """
    factors = (1 + strength) ** (2 * draws.uniform(1)[:, 0] - 1)
    counts = _lengths(sounds).tolist()
    for row, count, factor, to in zip(
        sounds, counts, factors.tolist(), found, strict=True
    ):
        if count:
            yield row[:count], count, factor, to


def _of_grains(row: np.ndarray, length: int, apart: float, played: float) -> np.ndarray:
    """So many samples of grains, each half over the next, under windows of sum 1.

    Their middles are `apart` times as far from each other in `row`, and each is played
    so many times as fast.
    """
    steps = np.arange(-GRAIN, GRAIN)
    window = 0.5 + 0.5 * np.cos(np.pi * steps / GRAIN)
    middles = np.arange(0, length + GRAIN, GRAIN)
    heard = _between(row, apart * middles[:, None] + played * steps) * window
    parts = np.zeros((len(middles) + 1, GRAIN))
    parts[:-1] += heard[:, :GRAIN]
    parts[1:] += heard[:, GRAIN:]
    return np.rint(parts.ravel()[GRAIN : GRAIN + length])


def _lengths(sounds: np.ndarray) -> np.ndarray:
    """Samples of each sound, (batch,)."""
    return (sounds != PADDING).sum(axis=1)


def _audible(sounds: np.ndarray) -> np.ndarray:
    """float32 samples, 0 for padding."""
    return np.where(sounds == PADDING, np.int16(0), sounds).astype(np.float32)


def _between(samples: np.ndarray, places: np.ndarray) -> np.ndarray:
    """What is at places between samples, on the line that joins two; 0 outside."""
    return np.interp(places, np.arange(len(samples)), samples, left=0, right=0)


def _padded(samples: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """int16 samples, with `PADDING` behind so many of each."""
    found = np.clip(np.rint(samples), -LOUDEST, LOUDEST).astype(np.int16)
    found[np.arange(samples.shape[1]) >= counts[:, None]] = PADDING
    return found
