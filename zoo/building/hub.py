"""Published weights by their address at the Hugging Face Hub: "hf://user/name"."""

import re
from pathlib import Path

from zoo.errors import Mistake

START = "hf://"
_ADDRESS = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?")
# What `zoo.publish` writes and zoo reads; beside it what a model.py imports is fetched.
FILES = (
    *("card.json", "recipe.json", "data.json", "vocabulary.json", "environment.json"),
    *("metrics.json", "history.csv", "run.json", "model.safetensors", "model.py"),
    "model.keras",
)


def fetched(address: str) -> Path:
    """The folder of this machine in which the files of an address lie.

    Args:
        address: "hf://user/name", or "hf://user/name@revision". The library
            `huggingface_hub` fetches the files, keeps them, and knows what its
            variables say, such as `HF_TOKEN`, `HF_HOME` and `HF_HUB_OFFLINE`.

    Raises:
        Mistake: it is no such address, huggingface_hub is not installed, or it does
            not give the files.
    """
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise Mistake(
            f"{address} is no address; accepted: hf://user/name, or "
            "hf://user/name@revision"
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise Mistake(
            f'{address} needs huggingface_hub: pip install "zoo[hub]"'
        ) from error
    name, revision = found.groups()
    try:
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=[*FILES, "*.py"])
        )
    except Exception as error:  # of the library, of its transport, of the disk
        reason = _reason(error, name, revision)
        raise Mistake(f"{address} cannot be fetched: {reason}") from error


def _reason(error: Exception, name: str, revision: str | None) -> str:
    """Why, in a line: the library's own first line is often "404 Client Error."."""
    known = {
        "GatedRepoError": f"who owns {name} grants access to it; log in by HF_TOKEN",
        "RepositoryNotFoundError": f"there is no {name}, or it is private; HF_TOKEN "
        "logs in",
        "RevisionNotFoundError": f"{name} has no revision {revision}",
        "RemoteEntryNotFoundError": f"the hub lacks a file of {name} that it lists",
        "JSONDecodeError": "what answers is no hub; HF_ENDPOINT says where one is",
    }
    kinds = [each.__name__ for each in type(error).__mro__]
    own = next((known[kind] for kind in kinds if kind in known), "")
    lines = str(error).strip() or type(error).__name__
    return own or lines.splitlines()[0][:200]
