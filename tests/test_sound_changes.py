"""Changes of sounds while a network learns."""

import numpy as np
import pytest
from tones import RATE, loudest, tone

from zoo import augment
from zoo.augment.sounds import equalizer
from zoo.core.samples import FULL, PADDING
from zoo.errors import Mistake


def sounds(count=6, length=2000):
    found = np.full((count, length), PADDING, np.int16)
    for number, row in enumerate(found):
        heard = tone(440, 0.1 + 0.02 * number)
        row[: len(heard)] = heard * 32767
    return found


@pytest.mark.parametrize("name", augment.SOUNDS)
def test_changes_are_functions_of_seed_step_and_position(name):
    given, strength = sounds(), augment.SOUNDS[name].example
    before = given.copy()
    whole = augment.apply(given, {name: strength}, 3, 5)
    part = augment.apply(given[4:], {name: strength}, 3, 5, start=4)
    assert np.array_equal(whole[4:], part)
    assert np.array_equal(given, before)
    assert (whole.dtype, whole.shape) == (given.dtype, given.shape)
    assert not np.array_equal(whole, augment.apply(given, {name: strength}, 3, 6))
    heard = whole != PADDING  # padding stands behind each sound
    assert (heard[:, 1:] <= heard[:, :-1]).all()
    assert heard[:, 0].all()


def test_speed_pitch_and_tempo_do_what_they_say():
    given = sounds()
    for name in ("speed", "pitch", "tempo"):
        found = augment.apply(given, {name: 0.2}, 0, 0)
        draws = augment.Draws(name, 0, 0, 0, len(given)).uniform(1)[:, 0]
        for row, before, drawn in zip(found, given, draws, strict=True):
            heard, factor = row[row != PADDING], 1.2 ** (2 * drawn - 1)
            higher = 1 if name == "tempo" else factor
            assert abs(loudest(heard, RATE) / 440 - higher) < 0.05
            count = (before != PADDING).sum()
            longer = count if name == "pitch" else count / factor
            assert abs(len(heard) - min(longer, len(row))) <= 1


def test_masks_and_noise_do_what_they_say():
    given = sounds(1)
    heard = given[0] != PADDING
    quiet = augment.apply(given, {"time_mask": 1.0}, 0, 1)[0][heard] == 0
    drawn = augment.Draws("time_mask", 0, 1, 0, 1).uniform(2)[0]
    assert abs(quiet.sum() - int(drawn[0] * heard.sum())) < 3
    white = np.random.default_rng(0).normal(0, 3000, (1, 2000)).astype("int16")
    masked = augment.apply(white, {"frequency_mask": 0.5}, 0, 0)
    before, after = (
        np.abs(np.fft.rfft(each[0].astype(float))) for each in (white, masked)
    )
    gone = after < 0.05 * before.mean()
    drawn = augment.Draws("frequency_mask", 0, 0, 0, 1).uniform(2)[0]
    assert abs(gone.mean() - 0.5 * drawn[0]) < 0.03
    share = augment.Draws("noise", 0, 0, 0, 1).uniform(1)[0, 0]
    loud = given[0][heard].astype(float).std()
    for offset in (0, 9000):  # of a microphone, which is no loudness
        offsets = (given + offset * heard).astype("int16")
        noisy = augment.apply(offsets, {"noise": 1.0}, 0, 0)[0].astype(float)
        added = (noisy - offsets[0])[heard]
        assert added.std() == pytest.approx(share * loud, rel=0.05)


def test_an_equalizer_does_what_it_says():
    # Whole periods, so that each tone is in one place of the spectrum.
    hertz = np.array([4, 200, 424, 1000, 2220, 3200, 3996])
    turns = np.outer(hertz, np.arange(2000)) / RATE
    given = np.rint(3000 * np.sin(2 * np.pi * turns + 0.3)).astype("int16")
    found = augment.apply(given, {"equalizer": 0.9}, 0, 3)
    drawn = augment.Draws("equalizer", 0, 3, 0, len(given)).uniform(5)
    mel = 1127 * np.log(1 + np.append(hertz, 4000) / 700)
    for number, place in enumerate(hertz // 4):
        before, after = (np.abs(np.fft.rfft(each[number])) for each in (given, found))
        decibels = 9 * (2 * drawn[number] - 1)
        says = np.interp(mel[number], np.linspace(0, mel[-1], 5), decibels)
        assert 20 * np.log10(after[place] / before[place]) == pytest.approx(
            says, abs=0.02
        )
    draws = augment.Draws("equalizer", 0, 0, 0, 6)
    assert np.array_equal(equalizer(sounds(), 0, draws), sounds())


def test_an_equalizer_cuts_nothing_off_and_keeps_silence():
    turns = np.arange(2000) * 1000 / RATE
    loud = np.rint((FULL - 1) * np.sin(2 * np.pi * turns)).astype("int16")
    quiet = np.where(np.arange(2000) < 900, np.int16(0), np.int16(PADDING))
    nothing = np.full(2000, PADDING, "int16")
    given = np.stack([loud] * 20 + [quiet, nothing])
    found = augment.apply(given, {"equalizer": 1.0}, 0, 0)
    assert np.array_equal(found[20:], given[20:])
    peaks = np.abs(found[:20].astype(int)).max(axis=1)
    assert peaks.max() == FULL - 1 > peaks.min()
    for row, peak in zip(found[:20], peaks, strict=True):
        assert np.abs(row - loud * (peak / (FULL - 1))).max() < 2


def test_changes_are_for_the_right_data():
    augment.check({"speed": 0.1, "noise": 0}, (800,))
    with pytest.raises(Mistake, match=r"'pitch' needs sounds of shape \(samples,\)"):
        augment.check({"pitch": 0.1}, (28, 28, 1))
    with pytest.raises(Mistake, match="needs images of shape"):
        augment.check({"rotation": 10}, (800,))
    with pytest.raises(
        Mistake, match="unknown augmentation 'sped'; did you mean 'speed'"
    ):
        augment.check({"sped": 0.1}, (800,))
    with pytest.raises(Mistake, match="'speed' takes a fraction, 0 to 1; got 3"):
        augment.check({"speed": 3}, (800,))
