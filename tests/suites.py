"""The tests that a session runs, by their file and name.

python -m tests.suites "not once" tests/test_models.py      as one line of JSON
"""

import json
import sys
from collections.abc import Iterable

import pytest


def run(items: Iterable[pytest.Item]) -> set[tuple[str, str]]:
    """File and name of each test of these that is not skipped wherever it stands."""
    return {
        (item.path.name, item.originalname)
        for item in items
        if not any(mark.args and mark.args[0] for mark in item.iter_markers("skipif"))
    }


class _Names:
    def pytest_collection_finish(self, session):
        self.found = run(session.items)


def main() -> None:
    names = _Names()
    pytest.main(["--collect-only", "-qq", "-m", *sys.argv[1:]], [names])
    print()
    print(json.dumps(sorted(names.found)))


if __name__ == "__main__":
    main()
