"""Show what works on which backend, and which backends are installed.

The chosen backend is the one of --backend; otherwise $KERAS_BACKEND; otherwise the one
in ~/.keras/keras.json, if it is installed; otherwise the first that is installed.

Example:
  zoo backends
"""

from zoo import backend
from zoo.cli._table import table


def arguments(parser):
    pass


def run(options):
    chosen = backend.current() if backend.installed() else None
    heads = [f"{name} (chosen)" if name == chosen else name for name in backend.NAMES]
    versions = [backend.version(name) or "not installed" for name in backend.NAMES]
    rows = [("version", *versions)]
    for capability, supports in backend.CAPABILITIES.items():
        cells = [_cell(supports[name]) for name in backend.NAMES]
        rows.append((capability, *cells))
    table(["capability", *heads], rows)


def _cell(support):
    word = "yes" if support.works else "no"
    return f"{word}, {support.how}" if support.how else word
