"""Compare the golden files with what the code gives now, or accept what it gives.

    python -m tests.goldens                  compare all, on the chosen backend
    python -m tests.goldens --accept         write what differs, and say what it was
    python -m tests.goldens --accept lenet   that file alone

Files of `tests/goldens/real` need ../shared/data beside the checkout.
"""

import argparse
import os
import sys
from pathlib import Path

from zoo.engine import startup
from zoo.errors import unknown

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of files; all by default")
    parser.add_argument("--accept", action="store_true")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    os.environ["TFDS_DATA_DIR"] = "../shared/data/tfds"
    chosen = startup.load()

    from tests.goldens.golden import (
        Golden,
        beyond,
        differences,
        network,
        read,
        shrink,
        write,
    )
    from zoo.verification.probe import losses, probe

    files = {path.stem: path for path in sorted(FOLDER.rglob("*.json"))}
    for name in arguments.names:
        if name not in files:
            sys.exit(str(unknown("golden file", name, files)))
    wrong = 0
    for name in arguments.names or files:
        golden = read(files[name])
        is_real = files[name].parent != FOLDER  # nothing of the data goes into the file
        with network(files[name]):
            found = (losses if is_real else probe)(golden.recipe, count=golden.count)
        apart = differences(golden.found, found)
        bad = beyond(apart) if golden.found else {"everything": "is new"}
        wrong += bool(bad)
        sizes = ", ".join(f"{key} {value:.0e}" for key, (value, _) in apart.items())
        print(f"{name} on {chosen}: {sizes}", flush=True)
        for quantity, difference in bad.items():
            print(f"{name}: {quantity} {difference} BEYOND THE BOUND")
        if bad and arguments.accept:
            write(files[name], Golden(golden.recipe, golden.count, shrink(found)))
            print(f"{name}: accepted")
    return 0 if arguments.accept else min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
