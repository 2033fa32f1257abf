"""Damage every kind of file that zoo reads from others, and see what comes of it.

Each case flips, cuts, swaps, repeats or overwrites bytes of one file, by a seed. Sound
is an answer equal to that of the undamaged file, or a Mistake in one line; a file of a
run whose checksum was made to fit, and an input, may also give another answer. A fault
is another exception, a crash, more than 10 s, more than 300 MiB above the undamaged
case, a file written elsewhere, a process or a connection.

Cases run one after the other in a forked process with limits. A kind of "run" or
"graph" loads the backend once in that process; one of "litert" or "openvino" forks for
each case once more, as their exports are checked in a process of their own.

Examples:
  python -m tests.stress.fuzz --seconds 60 --seed 1
  python -m tests.stress.fuzz --kinds pictures,tables --cases 5000
  KERAS_BACKEND=torch python -m tests.stress.fuzz --kinds run --seconds 60
  python -m tests.stress.fuzz --seconds 60 --page    writes into docs/security.md
"""

import argparse
import contextlib
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
from pathlib import Path

from tests.stress import exports, kinds, watch
from zoo import backend
from zoo.errors import Mistake

SECONDS, MEMORY = 10, 300 * 2**20
HARD_MEMORY = 4 * 2**30  # address space a case may add before it fails by itself
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
    "onnx": "`FILE.onnx`, its graph, and a run's `model.onnx`",
    "litert": "`FILE.tflite`, its graph, and its checks",
    "openvino": "`FILE.xml`, its graph, `FILE.bin`, and its checks",
}
KINDS = {**kinds.KINDS, "litert": exports.litert, "openvino": exports.openvino}


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
        tempfile.tempdir = str(folder)
        made = KINDS[kind](folder)
        sound = [_answer(read, data) for data, read in made]
        for (data, read), expected in zip(made, sound, strict=True):
            assert _answer(read, data) == expected, "the sound case varies"
        watch.begin(folder)
        space = int(Path("/proc/self/statm").read_text().split()[0])
        limit = space * os.sysconf("SC_PAGE_SIZE") + HARD_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        outlet.send((first - 1, "begun", "", 0.0))
        end, begun = time.monotonic() + seconds, _used()
        for number in range(first, cases):
            if time.monotonic() > end:
                break
            chance = random.Random(f"{seed}/{kind}/{number}")
            place = chance.randrange(len(made))
            data, read = made[place]
            changed = getattr(read, "damage", damage)(data, chance)
            exact = getattr(read, "exact", False)
            outcome, text = _case(read, changed, sound[place], exact)
            outlet.send((number, outcome, text, _used() - begun))
    outlet.send((cases, "end", "", _used() - begun))
    outlet.close()
    os._exit(0)  # frameworks' threads and exit handlers have nothing to do


def _used() -> float:
    """Seconds of the processor that this process and its children took."""
    return sum(os.times()[:4])


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
    if done := watch.seen():
        outcome = "fault", f"it did {done}"
    return outcome


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
    chosen = options.kinds.split(",")
    if unknown := set(chosen) - set(KINDS):
        parser.error(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(KINDS)}")
    found = [fuzz(k, options.seed, options.cases, options.seconds) for k in chosen]
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
