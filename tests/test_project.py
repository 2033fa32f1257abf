"""What people expect of a project: licence, changelog, citation, hooks, workflow."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import zoo

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read(name):
    return yaml.safe_load((ROOT / name).read_text())


def test_the_license_is_apache_2_and_pyproject_says_so():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert read("CITATION.cff")["license"] == "Apache-2.0"


def test_the_version_is_written_once_and_repeated_where_it_must_be():
    assert PROJECT["dynamic"] == ["version"]
    assert read("CITATION.cff")["version"] == zoo.__version__
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
    assert newest == zoo.__version__


def test_the_changelog_has_the_categories_of_keep_a_changelog():
    categories = re.findall(r"^### (.*)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    accepted = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(categories) <= accepted


def test_the_hook_has_the_version_of_ruff_that_is_tested():
    (hooks,) = read(".pre-commit-config.yaml")["repos"]
    assert (
        f"ruff=={hooks['rev'].removeprefix('v')}\n"
        in (ROOT / "constraints.txt").read_text()
    )


def test_the_workflow_runs_make_test_on_every_python_that_zoo_admits():
    (job,) = read(".github/workflows/test.yml")["jobs"].values()
    versions = job["strategy"]["matrix"]["python"]
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert versions == ["3.11", "3.12", "3.13"]
    assert job["steps"][-1]["run"] == "make test PYTHON=python"


def opened_without_encoding(call):
    """Whether a call opens text in the encoding of the locale."""
    words = {word.arg: word.value for word in call.keywords}
    if words.keys() & {"text", "universal_newlines"}:
        return "encoding" not in words
    method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if method else getattr(call.func, "id", "")
    if name not in ("open", "read_text", "write_text") or "encoding" in words:
        return False
    of = getattr(call.func.value, "id", "") if method else ""
    if of in ("files", "written", "os", "Image"):  # zoo's own are UTF-8; no text
        return False
    if name != "open":
        return len(call.args) <= (name == "write_text")
    mode = words.get("mode") or (call.args + [None] * 2)[0 if method else 1]
    return not (isinstance(mode, ast.Constant) and "b" in mode.value)


def test_every_text_file_is_opened_with_its_encoding():
    files = [
        p for top in ("zoo", "tools", "recipes") for p in (ROOT / top).rglob("*.py")
    ]
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and opened_without_encoding(node)
    ]
    assert len(files) > 100
    assert found == []


def test_what_make_does_is_no_file():
    """A folder called docs made of `make docs` a command that does nothing."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    [phony] = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    documented = re.findall(r"^# make (\w+)", text, re.MULTILINE)
    assert {"demo", "docs", "test"} <= {*documented} <= {*phony.split()}
