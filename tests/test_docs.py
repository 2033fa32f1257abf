"""README and docs: links lead somewhere, code blocks run, manifests parse."""

import argparse
import ast
import csv
import functools
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_imports import ORDER

import zoo
from zoo import cli
from zoo import recipe as recipes
from zoo.building import registry, trained

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "recipes" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]+) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^ *```$",
    re.M | re.S,
)
FEWER = {  # so that a training of the documentation takes seconds
    "train": ["epochs=1", "schedule=constant", "warmup_epochs=0"],
    "tune": ["epochs=1", "--trials", "1", "--winners", "1"],
}

pytestmark = pytest.mark.once


def name(page):
    return str(page.relative_to(ROOT))


@functools.cache
def blocks(page):
    """(language, code, reason not to run it or None) of each block of a page."""
    found = [match.groupdict() for match in BLOCK.finditer(page.read_text())]
    return [(each["language"], each["code"], each["reason"]) for each in found]


def runnable(page):
    return [
        (language, code)
        for language, code, reason in blocks(page)
        if language in ("console", "python") and not reason
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_that_are_there(page):
    text = BLOCK.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("https://", "http://", "#")):
            assert (page.parent / target.split("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_names_its_language_or_shows_no_code(page):
    known = {"console", "python", "bash", "yaml", "text", ""}
    assert {language for language, _, _ in blocks(page)} <= known


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=name)
def test_code_blocks_run(page, tmp_path, monkeypatch):
    """In order, in one folder, as a reader would run them; trainings are shortened."""
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    for language, code in runnable(page):
        if language == "python":
            exec(compile(_shortened(code), str(page), "exec"), namespace)
            continue
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if not words:
                continue
            assert words[0] == "zoo", f"{line}: say why this is not run"
            fewer = _fewer(words)
            again = {each.split("=")[0] for each in fewer if "=" in each}
            kept = [word for word in words[1:] if word.split("=")[0] not in again]
            assert cli.call([*kept, *fewer]) == 0, line


def _fewer(words):
    """Arguments that make a command short; a page's own numbers are read before."""
    verb, *rest = words[1:]
    if "--resume" in rest or not rest or rest[0].startswith("runs/"):
        return []
    if verb == "train" and rest[0] in recipes.names():
        return [] if recipes.load(rest[0]).stages else FEWER["train"]
    return FEWER.get(verb, [])


def _shortened(code):
    return re.sub(r"epochs=\d+", "epochs=1", code)


def shown():
    """(where, command) of each `zoo ...` in a page's console, a help or a recipe."""
    for page in PAGES:
        for language, code, _ in blocks(page):
            if language == "console":
                for line in _joined(code):
                    yield name(page), re.sub(r"^ *(\w+=\S+ +)*", "", line)
    for file in (*ROOT.glob("recipes/*.py"), *ROOT.glob("zoo/cli/[a-z]*.py")):
        for line in _joined(ast.get_docstring(ast.parse(file.read_text("utf-8")))):
            if line.startswith("  "):
                yield name(file), line.lstrip()


def _joined(code):
    return re.sub(r"\\\n *", " ", code).splitlines()


def test_every_command_that_is_shown_names_options_recipes_and_weights_that_exist():
    """Those, too, that no test runs."""
    found = [each for each in shown() if each[1].startswith("zoo ")]
    assert len(found) > 200
    for place in found:
        typed = re.sub(r"\$\w+", "1", place[1].split(" > ")[0])
        verb, *words = shlex.split(typed, comments=True)[1:]
        if verb == "--help" or words == ["--help"]:
            continue
        parser = argparse.ArgumentParser(str(place))
        importlib.import_module(cli._file(verb)).arguments(parser)
        options = vars(parser.parse_intermixed_args(words))
        named = options.get("recipe") or options.get("name") or ""
        here = options.get("changes", [])
        if named in registry.names():
            assert verb in ("card", "verify"), place
        elif re.fullmatch(r"\w+", named) and named != "NAME":
            recipes.override(recipes.load(named), here)
        weights = {word for word in words if re.fullmatch(r"[a-z]\w+:[a-z]\w+", word)}
        assert weights <= set(trained.names()), place


def test_the_reasons_are_few_words():
    for page in PAGES:
        for _, _, reason in blocks(page):
            assert not reason or len(reason.split()) < 25, (page, reason)


def code_of(page, language):
    return [code for each, code, _ in blocks(ROOT / "docs" / page) if each == language]


def test_the_slurm_script_is_a_shell_script(tmp_path):
    (script,) = code_of("devices.md", "bash")
    file = tmp_path / "zoo.sh"
    file.write_text(script)
    subprocess.run(["bash", "-n", file], check=True)
    asked = dict(re.findall(r"#SBATCH --([\w-]+)=(\S+)", script))
    assert asked["ntasks-per-node"] == "1"  # torchrun starts the others
    assert f"--nproc_per_node={asked['gpus-per-node']}" in script


def test_the_kubernetes_manifest_is_a_service_and_a_job_that_fit_each_other():
    (text,) = code_of("devices.md", "yaml")
    service, job = yaml.safe_load_all(text)
    assert (service["kind"], job["kind"]) == ("Service", "Job")
    pods = job["spec"]["template"]["spec"]
    assert service["metadata"]["name"] == pods["subdomain"]
    assert service["spec"]["selector"]["job-name"] == job["metadata"]["name"]
    (container,) = pods["containers"]
    (command,) = container["args"]
    assert f"--nnodes={job['spec']['completions']}" in command
    assert f"--master_addr={job['metadata']['name']}-0.{pods['subdomain']}" in command
    gpus = container["resources"]["limits"]["nvidia.com/gpu"]
    assert f"--nproc_per_node={gpus}" in command
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pods["volumes"]}


def test_the_limits_that_the_docs_name_are_those_of_the_code():
    from zoo.building import model_files
    from zoo.core import files, operators, seal, sessions
    from zoo.data.kinds import picture_files, tables
    from zoo.training import session

    mib, million = 2**20, 10**6
    said = {
        "security": (
            f"a file of more than {seal.LARGEST // mib} MiB, of a model "
            f"{seal.LARGEST_MODEL // 2**30} GiB",
            f"with a limit of {seal.LARGEST // mib} MiB and a million parts",
            f"have at most {model_files.CONFIG // mib} MiB",
            f"times its size and {model_files.SPARE // mib} MiB",
            f"{model_files.LARGEST_OUTPUT // million} million numbers for one input",
            f"more than {picture_files.MEMORY // mib} MiB to decode",
            f"lines of more than {tables.WIDEST:,} cells, cells of more than "
            f"{csv.field_size_limit():,} letters",
            f"more than {operators.NODES:,} operators, a file of more than "
            f"{sessions.LARGEST // mib} MiB",
            f"more than {sessions.LONGEST:g} seconds to open",
        ),
        "survival": ("every two minutes within a long epoch",),
    }
    assert (files.PARTS // million, session.SAVE_WITHIN_EPOCH_SECONDS) == (1, 120)
    for page, words in said.items():
        text = (ROOT / "docs" / f"{page}.md").read_text("utf-8").replace("\n", " ")
        for each in words:
            assert each in re.sub(" +", " ", text), each


def test_readme_fits_on_150_lines():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_a_reader_follows_training_through_six_files_and_1000_lines():
    page = (ROOT / "docs" / "how-it-works.md").read_text()
    told = dict(re.findall(r"^\| `(zoo/[\w/]+\.py)` \| (\d+) \|", page, re.M))
    counted = {file: len((ROOT / file).read_text().splitlines()) for file in told}
    assert len(counted) == 6
    assert sum(counted.values()) <= 1000
    for file, count in counted.items():
        assert int(told[file]) == pytest.approx(count, abs=10), file
    [total] = re.findall(r"^\| all six \| (\d+) \|", page, re.M)
    assert int(total) == pytest.approx(sum(counted.values()), abs=60)
    first, *_, last = counted
    assert first == "zoo/cli/train.py"
    assert "jax.grad(" in (ROOT / last).read_text()


def test_the_picture_of_the_parts_is_that_of_the_imports():
    page = (ROOT / "docs" / "how-it-works.md").read_text()
    [picture] = re.findall(r"```text\n(errors < .*?)```", page, re.S)
    drawn = [tuple(re.findall(r"\w+", names)) for names in picture.split("<")]
    there = {path.stem for path in (ROOT / "zoo").iterdir()}
    parts = [tuple(name for name in names if name in there) for names in ORDER]
    assert drawn == [names for names in parts if names and names != ("__main__",)]


def test_every_page_is_in_the_navigation():
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())

    def files(entry):
        if isinstance(entry, str):
            return [entry]
        values = entry.values() if isinstance(entry, dict) else entry
        return [file for value in values for file in files(value)]

    docs = ROOT / "docs"
    written = [*docs.rglob("*.md"), *docs.rglob("*.html")]
    pages = {str(path.relative_to(docs)) for path in written}
    assert set(files(settings["nav"])) == pages
    assert settings["theme"]["font"] is False  # no request to others


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_nothing_of_others(tmp_path):
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*build, "--site-dir", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    reference = (tmp_path / "api.html").read_text()
    for verb in set(zoo.__all__) - {"__version__", "augment", "backend", "data"}:
        assert verb in {"layers", "main"} or f">{verb}<" in reference, verb
    loaded = r'(?:<script[^>]* src|<link[^>]* rel="stylesheet"[^>]* href)="(http[^"]*)"'
    for page in tmp_path.rglob("*.html"):
        assert not re.findall(loaded, page.read_text()), page
