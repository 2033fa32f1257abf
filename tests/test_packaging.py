"""What is installed, from what, and whether the documentation and the pins say so."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def requirements(*extras):
    lines = PROJECT["dependencies"] if not extras else []
    lines = lines + [line for extra in extras for line in EXTRAS[extra]]
    found = [Requirement(line) for line in lines]
    return [each for each in found if each.name != PROJECT["name"]]


EVERYTHING = [*requirements(), *requirements(*EXTRAS)]


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    parted = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in parted}


@pytest.mark.parametrize("requirement", EVERYTHING, ids=str)
def test_tested_version_is_within_the_range(requirement):
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("requirement", EVERYTHING, ids=str)
def test_the_documentation_says_what_each_dependency_is_for(requirement):
    rows = (ROOT / "docs" / "dependencies.md").read_text().splitlines()
    assert any(f"`{requirement.name}`" in row and row.count("|") > 2 for row in rows)


def test_all_means_every_extra_but_cuda():
    (everything,) = EXTRAS["all"]
    named = {name for name in EXTRAS if not name.endswith("-cuda") and name != "all"}
    assert Requirement(everything).extras == named


def test_continuous_integration_is_make_test():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == "make test"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which zoo's wheel is installed, without its dependencies."""
    wheels = tmp_path_factory.mktemp("wheels")
    build = ["hatchling", "build", "-t", "wheel", "-d", wheels]
    command = [sys.executable, "-m", *build]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = wheels.glob("zoo-*.whl")
    folder = tmp_path_factory.mktemp("installed")
    install = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([sys.executable, "-m", *install, folder, wheel], check=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["weights", "reporting/templates"])
def test_wheel_has_what_is_no_code(installed, folder):
    def files(package):
        return {
            path.relative_to(package / folder): path.read_bytes()
            for path in (package / folder).rglob("*")
            if path.is_file()
        }

    assert files(installed / "zoo") == files(ROOT / "zoo") != {}


def test_wheel_has_the_recipes_and_no_tests(installed):
    shipped = {path.name for path in (installed / "zoo" / "recipes").glob("*.py")}
    assert shipped == {path.name for path in (ROOT / "recipes").glob("*.py")}
    assert {path.name for path in installed.iterdir()} == {
        "zoo",
        "bin",
        f"zoo-{version()}.dist-info",
    }


def test_wheel_has_the_license_and_says_that_it_is_typed(installed):
    assert (installed / "zoo" / "py.typed").is_file()
    information = installed / f"zoo-{version()}.dist-info"
    license = information / "licenses" / "LICENSE"
    assert license.read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert "License-Expression: Apache-2.0" in (information / "METADATA").read_text()


def version():
    for line in (ROOT / "zoo" / "__init__.py").read_text().splitlines():
        if line.startswith("__version__"):
            return line.split('"')[1]


@pytest.mark.slow
def test_wheel_works_from_any_folder(installed, tmp_path):
    def zoo(*words):
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        command = [installed / "bin" / "zoo", *words]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    where = [sys.executable, "-c", "import zoo; print(zoo.__file__)"]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    file = subprocess.check_output(where, cwd=tmp_path, env=environment, text=True)
    assert Path(file.strip()).is_relative_to(installed)
    assert zoo("--version") == f"zoo {version()}\n"
    listed = zoo("list")
    for path in (ROOT / "recipes").glob("*.py"):
        assert path.stem in listed
    said = zoo("train", "circles", "epochs=1", "--run", "here")
    assert "test accuracy" in said
    assert f"  {installed / 'bin' / 'zoo'} evaluate here" in said
    assert (tmp_path / "here" / "model.keras").is_file()
