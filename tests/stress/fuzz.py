"""Damage every kind of file that zoo reads from others, and see what comes of it.

Each case flips, cuts, swaps, repeats or overwrites bytes of one file, by a seed. Sound
is an answer equal to that of the undamaged file, or a Mistake in one line; a file of a
run whose checksum was made to fit, and an input, may also give another answer. A fault
is another exception, a crash, more than 10 s, more than 300 MiB above the undamaged
case, a file written elsewhere, a process or a connection.

Cases run one after the other in a forked process with limits. A kind of "run" or
"graph" loads the backend once in that process.

Examples:
  python -m tests.stress.fuzz --seconds 60 --seed 1
  python -m tests.stress.fuzz --kinds pictures,tables --cases 5000
  KERAS_BACKEND=torch python -m tests.stress.fuzz --kinds run --seconds 60
  python -m tests.stress.fuzz --seconds 60 --page    writes into docs/security.md
"""

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from zoo import backend
from zoo.errors import Mistake

SECONDS, MEMORY = 10, 300 * 2**20
HARD_MEMORY = 4 * 2**30  # address space a case may add before it fails by itself
FORBIDDEN = (
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pickle.find_class",
    "pty.spawn",
    "socket.connect",
    "subprocess.Popen",
)
PAGE = Path(__file__).parents[2] / "docs" / "security.md"
MARKS = (
    "<!-- figures: tests/stress/fuzz.py --page writes this -->",
    "<!-- end of figures -->",
)
RATE = "cases a minute of CPU"
HEAD = ("files", "backend", "seed", "cases", "refused", "faults", RATE)
FILES = {
    "states": "training states",
    "run": "every file of a run but `model.keras`",
    "graph": "`model.keras`, its archive and members",
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Fault(Exception):
    """What must not happen."""


def damage(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to four changes of random kinds at random places."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data) + 1)
        length = min(chance.choice((1, 2, 4, 8, 64, 1024)), len(data) - place)
        part = data[place : place + length]
        match chance.randrange(7):
            case 0 if part:  # one bit
                data[place] ^= 1 << chance.randrange(8)
            case 1:
                data[place : place + length] = chance.randbytes(length)
            case 2:
                del data[place:]
            case 3:
                del data[place : place + length]
            case 4:
                data[place:place] = part * chance.choice((1, 2, 100))
            case 5:
                other = chance.randrange(len(data) + 1)
                data[other:other] = part
            case 6:
                words = (b"0", b"-1", b"1e999", b"\0", b'"', b"[", b"{", b"99999999999")
                data[place : place + length] = chance.choice(words)
    return bytes(data)


def pictures(folder: Path) -> list[tuple[bytes, Callable]]:
    """Pictures of five formats, gray and in color."""
    import numpy as np
    from PIL import Image

    from zoo.data.kinds.pictures import decode

    shades = np.add.outer(np.arange(40), np.arange(50)).astype("uint8")
    image = Image.fromarray(np.dstack([shades, 2 * shades, 255 - shades]))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    cases = []
    for name, options in {
        "PNG": {"exif": exif, "icc_profile": b"a profile" * 20},
        "JPEG": {"exif": exif, "icc_profile": b"a profile" * 20},
        "GIF": {"save_all": True, "append_images": [image.rotate(9)] * 3},
        "BMP": {},
        "TIFF": {"compression": "tiff_lzw"},
        "WEBP": {},
    }.items():
        for channels in (1, 3):
            file = io.BytesIO()
            image.convert("L" if channels == 1 else "RGB").save(file, name, **options)
            shape = (28, 28, channels)
            cases.append((file.getvalue(), lambda data, s=shape: decode([data], s)))
    plain = io.BytesIO()
    Image.fromarray(shades[:28, :28]).save(plain, "PNG")
    cases.append((plain.getvalue(), lambda data: decode([data], (28, 28, 1))))
    return cases


def tables(folder: Path) -> list[tuple[bytes, Callable]]:
    """CSV files with a header, without one, and single lines."""
    from zoo.data.kinds.tables import decode

    path = folder / "rows.csv"

    def read(data, missing=True):
        path.write_bytes(data)
        return decode([path], ("age", "shape", "margin"), missing)

    head = b"margin,age,name,shape\n"
    rows = b'1,2.5,"a, ""b""",4\n?,61,,2\nNaN,-3e2,x,0\n'
    return [
        (head + rows, read),
        (b"1,2,3\n4,5,6\n", lambda data: read(data, False)),
        (
            b"5.1,1.4,0.2",
            lambda data: decode([data.decode("latin-1")], ("a", "b", "c"), False),
        ),
    ]


def texts(folder: Path) -> list[tuple[bytes, Callable]]:
    """Sentences with entities, tags and letters of many scripts."""
    from zoo.data.kinds.texts import Vocabulary

    words = ("good", "not", "not good", "film", "!")
    vocabulary = Vocabulary(words, 12, "ends", 2)
    sentence = "<b>Not good</b>, a film &amp; caf\u00e9 \u0939\u093f\u0928 don't!" * 3
    read = [
        lambda data: vocabulary.encode([data.decode("utf-8", "replace")]),
        lambda data: vocabulary.encode([data.decode("latin-1")]),
    ]
    return [(sentence.encode(), each) for each in read]


def states(folder: Path) -> list[tuple[bytes, Callable]]:
    """Training states, whose checksum does not fit, or was made to fit."""
    import numpy as np

    from zoo.training import states

    def read(data):
        for path in folder.glob("state-*"):
            path.unlink()
        (folder / name).write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = states.newest(folder)
        return states.read(found)[1] if found else None

    arrays = [np.arange(12.0).reshape(3, 4), np.int32(3)]
    path = states.save(folder, arrays, {"epoch": 3, "history": [{"loss": 0.5}]})
    name = path.name
    return [(path.read_bytes(), read)]


def make_run(folder: Path) -> None:
    """A small run on points, with two epochs of training behind it."""
    from zoo.recipe import Recipe
    from zoo.training import train

    recipe = Recipe(
        "deep_mlp", "moons", {"hidden": (4,)}, epochs=2, data_arguments={"samples": 80}
    )
    recipe = Recipe(**{**vars(recipe), "batch": 16})
    train(recipe, run=folder, quiet=True)


def run(folder: Path) -> list[tuple[bytes, Callable]]:
    """Every file of a run that opening reads; each as it is, and with fitting sums."""
    from zoo.core import seal
    from zoo.run import open_run

    place = folder / "run"
    make_run(place)
    sound = {path.name: path.read_bytes() for path in place.iterdir()}
    names = [n for n in sound if not n.startswith("state-") and n != "model.keras"]

    def opened(name, fits):
        def read(data):
            for file, content in sound.items():
                if (place / file).read_bytes() != content:
                    (place / file).write_bytes(content)
            (place / name).write_bytes(data)
            if fits:
                seal.write(place)
            done = open_run(place)
            metrics, history, backend = done.metrics, done.history, done.backend
            weights = [each.tolist() for each in done.model.get_weights()]
            return done.recipe, metrics, history, backend, weights

        read.exact = not fits
        return read

    return [
        (sound[name], opened(name, fits))
        for name in names
        for fits in (False, True)
        if name != seal.NAME or not fits
    ]


def graph(folder: Path) -> list[tuple[bytes, Callable]]:
    """The `.keras` file of a run, its archive and each of its members."""
    import zipfile

    from zoo.building.model_files import load_strictly

    place = folder / "run"
    make_run(place)
    path = place / "model.keras"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def whole(data):
        path.write_bytes(data)
        return [each.tolist() for each in load_strictly(path, (2,)).get_weights()]

    def inside(name):
        def read(data):
            with zipfile.ZipFile(path, "w") as archive:
                for each, content in {**members, name: data}.items():
                    archive.writestr(each, content)
            return [each.tolist() for each in load_strictly(path, (2,)).get_weights()]

        return read

    inner = [(members[name], inside(name)) for name in members]
    return [(path.read_bytes(), whole), *inner]


KINDS = {each.__name__: each for each in (pictures, tables, texts, states, run, graph)}


def fuzz(kind: str, seed: int, cases: int, seconds: float) -> dict:
    """Run up to `cases` cases of one kind, for at most `seconds`.

    Returns:
        "cases", "equal", "other", "refused", "seconds" and "processor", its seconds
        (both without those of the start), and "faults", texts.
    """
    counts, faults, spent, processor, first = Counter(), [], 0.0, 0.0, 0
    while first < cases and spent < seconds:
        inlet, outlet = multiprocessing.Pipe(duplex=False)
        worker = multiprocessing.get_context("fork").Process(
            target=_work, args=(kind, seed, first, cases, seconds - spent, outlet)
        )
        worker.start()
        outlet.close()
        number, begun, used = first, time.monotonic(), 0.0
        while True:
            try:
                number, outcome, text, used = inlet.recv()
            except EOFError:
                outcome, text = "crashed", f"the process ended in case {number + 1}"
            if outcome == "begun":
                begun = time.monotonic()
                continue
            if outcome == "end":
                first = cases
                break
            counts[outcome] += 1
            if outcome in ("fault", "crashed"):
                faults.append(f"{kind}, seed {seed}, case {number}: {text}")
            if outcome == "crashed":
                first = number + 2
                break
        spent += time.monotonic() - begun
        processor += used
        worker.join()
    names = ("equal", "other", "refused")
    return {
        "kind": kind,
        "cases": sum(counts.values()),
        **{name: counts[name] for name in names},
        "seconds": spent,
        "processor": processor,
        "faults": faults,
    }


def _work(kind, seed, first, cases, seconds, outlet) -> None:
    """What a worker does: the sound cases, then the damaged ones."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        os.chdir(folder)
        made = KINDS[kind](folder)
        sound = [_answer(read, data) for data, read in made]
        for (data, read), expected in zip(made, sound, strict=True):
            assert _answer(read, data) == expected, "the sound case varies"
        _watch(folder)
        space = int(Path("/proc/self/statm").read_text().split()[0])
        limit = space * os.sysconf("SC_PAGE_SIZE") + HARD_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        outlet.send((first - 1, "begun", "", 0.0))
        end, begun = time.monotonic() + seconds, time.process_time()
        for number in range(first, cases):
            if time.monotonic() > end:
                break
            chance = random.Random(f"{seed}/{kind}/{number}")
            place = chance.randrange(len(made))
            data, read = made[place]
            changed = damage(data, chance)
            exact = getattr(read, "exact", False)
            outcome, text = _case(read, changed, sound[place], exact)
            outlet.send((number, outcome, text, time.process_time() - begun))
    outlet.send((cases, "end", "", time.process_time() - begun))
    outlet.close()
    os._exit(0)  # frameworks' threads and exit handlers have nothing to do


def _answer(read, data) -> str:
    return repr(read(data))


def _case(read, data, expected, exact) -> tuple[str, str]:
    """What came of one damaged file, and words about a fault."""
    _clear_peak()
    before = _peak()
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = _answer(read, data)
        outcome = "equal" if answer == expected else "other"
        if exact and outcome == "other":
            outcome = "fault", "another answer, although the sums tell of the damage"
        else:
            outcome = outcome, ""
    except Mistake as mistake:
        line = str(mistake)
        short = len(line) < 2000 and "\n" not in line
        outcome = ("refused", "") if short else ("fault", f"no line: {line[:300]!r}")
    except BaseException:
        outcome = "fault", traceback.format_exc()[-1500:]
    finally:
        signal.alarm(0)
    grown = _peak() - before
    if grown > MEMORY:
        outcome = "fault", f"{grown / 2**20:.0f} MiB more"
    if _seen:
        outcome = "fault", f"it did {_seen.pop()}"
    return outcome


_seen: list[str] = []


def _watch(folder: Path) -> None:
    """Note what no case may do, as Python's audit events tell it."""

    def hook(event, args):
        if event in FORBIDDEN:
            _seen.append(f"{event} {args!r:.200}")
        elif event == "open" and isinstance(args[0], str) and args[2] & WRITES:
            path = os.path.abspath(args[0])
            if not path.startswith((str(folder), "/dev/", "/proc/self/")):
                _seen.append(f"open {path}")

    sys.addaudithook(hook)


def _late(number, frame):
    raise Fault(f"more than {SECONDS} s")


def _clear_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The largest resident memory since `_clear_peak`, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def write_page(found: list[dict], seed: int) -> None:
    """Write a row for each kind into the page; other kinds and backends keep theirs."""
    before, rest = PAGE.read_text("utf-8").split(MARKS[0])
    table, after = rest.split(MARKS[1])
    lines = [line.split(" | ") for line in table.splitlines() if line[:2] == "| "]
    rows = {(cells[0], cells[1]): " | ".join(cells) for cells in lines[2:]}
    for each in found:
        files = "| " + FILES.get(each["kind"], each["kind"])
        needs = backend.current() if each["kind"] in ("run", "graph") else "none"
        rate = 60 * each["cases"] / max(each["processor"], 1e-9)
        counts = [each["cases"], each["refused"], len(each["faults"])]
        cells = [seed, *(f"{count:,}" for count in counts), f"{rate:,.0f} |"]
        rows[files, needs] = " | ".join([files, needs, *map(str, cells)])
    head = ["| " + " | ".join(HEAD) + " |", "| " + " | ".join(["---"] * 7) + " |"]
    body = "\n".join([*head, *(rows[key] for key in sorted(rows))])
    PAGE.write_text(
        f"{before}{MARKS[0]}\n\n{body}\n\n{MARKS[1]}{after}", encoding="utf-8"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", default=",".join(KINDS), help="with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60, help="of each kind (60)")
    parser.add_argument("--cases", type=int, default=10**9, help="of each kind")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--page", action="store_true", help="write docs/security.md")
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(KINDS)}")
    found = [fuzz(k, options.seed, options.cases, options.seconds) for k in kinds]
    if options.page:
        write_page(found, options.seed)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("kind      cases  equal  other  refused  a minute of CPU  faults")
        for each in found:
            rate = 60 * each["cases"] / max(each["processor"], 1e-9)
            print(
                f"{each['kind']:8}{each['cases']:7}{each['equal']:7}{each['other']:7}"
                f"{each['refused']:9}{rate:17,.0f}{len(each['faults']):8}"
            )
        for each in found:
            for fault in each["faults"][:10]:
                print(fault, file=sys.stderr)
    sys.exit(any(each["faults"] for each in found))


if __name__ == "__main__":
    main()
