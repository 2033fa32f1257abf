"""Where a run happens."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

from zoo.core.processors import processors

_PACKAGES = ("zoo", "keras", "jax", "tensorflow", "torch", "numpy")


def describe(backend: str, device: str) -> dict:
    """Backend, device, machine, versions, commit."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "backend": backend,
        "device": device,
        "cores": processors(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
        "commit": commit(),
    }


def commit() -> str | None:
    """The commit of the checkout that zoo runs from; None in an installed zoo.

    It ends with "-dirty" if files were changed after the commit; ledgers and pages do
    not count.
    """
    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():
        return None
    code = [".", ":!*.md", ":!docs", ":!*.jsonl", ":!recipes/floors.json"]
    try:
        commit = _git(checkout, "rev-parse", "--short=12", "HEAD")
        changed = _git(checkout, "status", "--porcelain", "--", *code)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}-dirty" if changed else commit


def _git(checkout: Path, *words: str) -> str:
    command = ["git", "-C", str(checkout), *words]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.strip()
