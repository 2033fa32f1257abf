"""`python -m zoo.exporting.worker WORD...`: a part of an export, on another backend.

write RUN FILE FORMAT OUTPUTS [--int8] [--trace] [--trust]
compare FILE FORMAT [--trust]
"""

import sys
from pathlib import Path

from zoo.engine import startup
from zoo.errors import Mistake
from zoo.exporting import formats


def write(folder: str, file: str, name: str, outputs: str, *more: str) -> None:
    from zoo.exporting.writing import write
    from zoo.run import open_run

    run = open_run(folder, trust="--trust" in more)
    write(run, Path(file), name, outputs, "--int8" in more, "--trace" in more)


def compare(file: str, name: str, *more: str) -> None:
    from zoo.exporting import checks

    print(checks.compare(Path(file), name, "--trust" in more))


if __name__ == "__main__":
    part, *words = sys.argv[1:]
    if part == "write" or formats.module(words[1]).READER:
        startup.load()
    try:
        {"write": write, "compare": compare}[part](*words)
    except Mistake as mistake:
        sys.exit(f"zoo: {mistake}")
    except Exception as error:  # of Keras or a framework: what it says, not where
        from zoo.building.fitting import reason

        sys.exit(f"zoo: {reason(error)}")
