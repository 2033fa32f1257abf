"""Write spoken digits: class folders of WAV files, said by what this machine has.

    python tools/speak_digits.py --to voices
    zoo train voices

The first writes voices/0/flite-awb_00.wav and so on: the English words zero to nine at
8,000 samples a second, without the silence around them. Each voice of the synthesizers
flite and festival says each word 12 times, from 0.8 to 1.5 times as slowly. That is
drawn from the name of the voice, the word and the number: the same versions of the
synthesizers write the same files. The recordings of Asterisk, where they are, give one
file a word. Files of the same names are replaced.

The voices of flite and festival are free software; the recordings of Asterisk, by
Allison Smith, are under CC BY-SA 3.0. Nothing of either is shipped with zoo. What is
made of them stays under their licenses: read these before you pass it on.
"""

import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from math import gcd
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly

from zoo.errors import Mistake

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TAKES, STRETCH = 12, (0.8, 1.5)
RATE, PEAK = 8000, 10_000
WINDOW, MARGIN = 160, 200  # samples at RATE
QUIET = 10**-3.5  # of the loudest window's power
ASTERISK = Path("/usr/share/asterisk/sounds")
PACKAGES = {
    **dict.fromkeys(("flite-awb", "flite-rms", "flite-slt", "flite-kal16"), "flite"),
    "festival-kal_diphone": "festvox-kallpc16k",
    "festival-ked_diphone": "festvox-kdlpc16k",
    "festival-cmu_us_slt_arctic_hts": "festvox-us-slt-hts",
    "asterisk": "asterisk-core-sounds-en-wav",
}
"""Every voice, and the Debian package that it comes with."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--to", required=True, type=Path, metavar="FOLDER", help="the folder to write"
    )
    speak(parser.parse_args().to)


def speak(folder: Path) -> None:
    """Write what every voice says that is here, and print what is done."""
    here = installed()
    if not here:
        packages = ", ".join(sorted({"festival", *PACKAGES.values()}))
        raise Mistake(f"no voice is installed; Debian's packages of them: {packages}")
    lengths = []
    for voice, package in PACKAGES.items():
        if voice not in here:
            print(f"{voice}: not found; Debian's package: {package}", flush=True)
            continue
        made = recorded(folder) if voice == "asterisk" else spoken(voice, folder)
        print(f"{voice}: {len(made)} files", flush=True)
        lengths += made
    middle = statistics.median(lengths) / RATE
    print(f"{folder}: {len(lengths)} files, median length {middle:.2f} s")


def installed() -> set[str]:
    """The voices of `PACKAGES` that are on this machine."""
    found = {"asterisk"} if any(map(recordings, range(len(WORDS)))) else set()
    # flite speaks with another voice where it has not the one that it is told.
    lists = {"flite": ["-lv"], "festival": ["-b", "(print (voice.list))"]}
    for program, words in lists.items():
        if shutil.which(program):
            listed = subprocess.run([program, *words], stdout=subprocess.PIPE).stdout
            names = re.findall(r"\w+", listed.decode())
            found |= {f"{program}-{name}" for name in names}
    return found & PACKAGES.keys()


def spoken(voice: str, folder: Path) -> list[int]:
    """Write the words of a synthesizer's voice; returns their lengths in samples."""

    def say(job: tuple[int, int]) -> int:
        digit, take = job
        file = Path(waiting, f"{digit}_{take}.wav")
        draw = random.Random(f"{voice} {WORDS[digit]} {take}")
        words = command(voice, WORDS[digit], draw.uniform(*STRETCH), file)
        ended = subprocess.run(words, input=WORDS[digit].encode(), capture_output=True)
        if not file.is_file():  # festival's status is 0 all the same
            why = ended.stderr.decode(errors="replace").strip()
            raise Mistake(f"{voice} did not say '{WORDS[digit]}': {why}")
        return write(file, folder / str(digit) / f"{voice}_{take:02d}.wav")

    jobs = [(digit, take) for digit in range(len(WORDS)) for take in range(TAKES)]
    with (
        tempfile.TemporaryDirectory() as waiting,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        return list(pool.map(say, jobs))


def command(voice: str, word: str, stretch: float, file: Path) -> list[str]:
    """What makes a synthesizer write a word; text2wave reads it from its input."""
    program, name = voice.split("-")
    if program == "flite":
        slower = f"duration_stretch={stretch:.3f}"
        return ["flite", "-voice", name, "--setf", slower, "-t", word, str(file)]
    slower = f"(Parameter.set 'Duration_Stretch {stretch:.3f})"
    if name.endswith("_hts"):  # passes over that, and has a rate of its own
        rate = f'\'(("-r" {1 / stretch:.3f}))'
        slower = f"(set! hts_engine_params (append hts_engine_params {rate}))"
    return ["text2wave", "-eval", f"(begin (voice_{name}) {slower})", "-o", str(file)]


def recordings(digit: int) -> list[Path]:
    """Asterisk's recordings of a digit; links lead to the same ones."""
    return sorted(ASTERISK.glob(f"en*/digits/{digit}.wav"))[:1]


def recorded(folder: Path) -> list[int]:
    """Write the recordings of Asterisk; returns their lengths in samples."""
    return [
        write(file, folder / str(digit) / "asterisk_00.wav")
        for digit in range(len(WORDS))
        for file in recordings(digit)
    ]


def write(source: Path, file: Path) -> int:
    """Write a WAV file as the set has it; returns its length in samples."""
    rate, samples = wavfile.read(source)
    made = trim(samples, rate)
    file.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(file, RATE, made)
    return len(made)


def trim(samples: np.ndarray, rate: int) -> np.ndarray:
    """int16 samples (length,) at `RATE`, without silence at both ends, as loud as all.

    Raises:
        Mistake: there is nothing but silence.
    """
    shared = gcd(rate, RATE)
    heard = resample_poly(samples.astype(float), RATE // shared, rate // shared)
    power = np.convolve(heard**2, np.ones(WINDOW) / WINDOW, "same")
    loud = np.flatnonzero(power > power.max() * QUIET)
    if not len(loud):
        raise Mistake("a voice gave nothing but silence; try it by itself")
    heard = heard[max(0, loud[0] - MARGIN) : loud[-1] + MARGIN]
    return np.rint(heard * PEAK / np.abs(heard).max()).astype("int16")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Mistake, OSError) as mistake:
        sys.exit(str(mistake))
