"""`python -m zoo.exporting.worker WORD...`: a part of an export, on another backend.

write RUN FILE FORMAT OUTPUTS [--trust]
compare FILE FORMAT
"""

import sys
from pathlib import Path

from zoo.engine import startup
from zoo.errors import Mistake


def write(folder: str, file: str, name: str, outputs: str, *trust: str) -> None:
    from zoo.exporting.writing import write
    from zoo.run import open_run

    write(open_run(folder, trust=bool(trust)), Path(file), name, outputs)


def compare(file: str, name: str) -> None:
    from zoo.exporting import checks

    print(checks.compare(Path(file), name))


if __name__ == "__main__":
    startup.load()
    part, *words = sys.argv[1:]
    try:
        {"write": write, "compare": compare}[part](*words)
    except Mistake as mistake:
        sys.exit(f"zoo: {mistake}")
