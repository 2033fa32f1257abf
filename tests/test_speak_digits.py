"""tools/speak_digits.py, where no synthesizer is."""

import numpy as np
import pytest
import speak_digits
from scipy.io import wavfile
from tones import tone, written

from zoo.errors import Mistake

pytestmark = pytest.mark.once


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A folder of programs, and no other of them, and no recordings."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(speak_digits, "ASTERISK", tmp_path / "none")
    return programs


def test_silence_is_cut_off_and_all_are_as_loud():
    silence = np.zeros(16_000)
    heard = np.concatenate([silence, tone(440, 0.5, 16_000, 0.1), silence]) * 32767
    found = speak_digits.trim(np.rint(heard).astype("int16"), 16_000)
    assert found.dtype == np.int16
    # Half a second, a margin on both sides, and what half of a window is loud of.
    assert 4000 + 2 * 200 < len(found) <= 4000 + 2 * (200 + 80)
    assert np.abs(found).max() == 10_000
    assert not found[:200].any()
    with pytest.raises(Mistake, match="nothing but silence"):
        speak_digits.trim(np.zeros(800, "int16"), 8000)


def test_no_voice_is_a_mistake_of_one_line(bare, tmp_path):
    with pytest.raises(Mistake, match=r"no voice is installed; .* festvox-us-slt-hts"):
        speak_digits.speak(tmp_path / "voices")
    assert not (tmp_path / "voices").exists()


def test_voices_that_are_here_speak_and_others_are_named(
    bare, monkeypatch, capsys, tmp_path
):
    said = written(tmp_path / "said.wav", tone(300, 0.4, 16_000), 16_000)
    program = bare / "flite"
    program.write_text(
        "#!/bin/sh\n"
        '[ "$1" = -lv ] && echo "Voices available: kal slt" && exit\n'
        f'/bin/cp "{said}" "$7"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setattr(speak_digits, "TAKES", 2)
    speak_digits.speak(tmp_path / "voices")
    lines = capsys.readouterr().out.splitlines()
    assert "flite-slt: 20 files" in lines
    assert (
        "festival-ked_diphone: not found; Debian's package: festvox-kdlpc16k" in lines
    )
    assert lines[-1].endswith("voices: 20 files, median length 0.40 s")
    rate, samples = wavfile.read(tmp_path / "voices" / "9" / "flite-slt_01.wav")
    assert (rate, samples.dtype) == (8000, np.int16)
