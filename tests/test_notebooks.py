"""The notebooks of docs/ run from top to bottom, and what they show fits a page."""

import os
from pathlib import Path

import browser
import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.once, pytest.mark.slow]
ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
SHOWN = {"first-run": 5, "own-data": 2, "explain": 4}  # tables, bars, pictures, pages


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_notebook_runs_and_shows_what_it_makes(file, tmp_path, monkeypatch):
    book = nbformat.read(file, as_version=4)
    nbformat.validate(book)
    codes = [cell for cell in book.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in codes)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=300, kernel_name="python3", resources=place).execute()
    pages = [
        output.data["text/html"]
        for cell in codes
        for output in cell.outputs
        if output.get("data", {}).get("text/html")  # a bar that is gone leaves ""
    ]
    assert not any("<progress" in page for page in pages)
    assert len(pages) == SHOWN[file.stem]
    if not browser.CHROMIUM:
        return
    page = tmp_path / "page.html"
    body = "<hr>".join(pages)
    page.write_text(f'<meta name="viewport" content="width=device-width">{body}')
    with browser.page() as seen:
        for width in (390, 1000):
            seen.open(page.as_uri(), width, 900)
            assert seen.evaluate("document.documentElement.scrollWidth") <= width
