"""The tables in README.md and in the recipes are what the ledger says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_tables_are_those_of_the_ledger():
    command = [sys.executable, str(ROOT / "tools" / "tables.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
