"""A run as others find it: what was trained, how well it does, and what it is for."""

import dataclasses
import json
import os
import re
import shutil
import tempfile
import warnings
from pathlib import Path

from zoo import recipe as recipes
from zoo.building import fitting, hub, stored, trained
from zoo.core import columns, files, seal
from zoo.core.paths import expand
from zoo.data import Dataset, is_path, paths
from zoo.errors import Mistake, plain
from zoo.run import Run, open_run

VERSION = 1  # of `card.json`; it grows when a field gets another meaning
README, ONNX = "README.md", "model.onnx"
_COPIED = [name for name in hub.FILES if name not in ("run.json", trained.CARD)]
_PIPELINES = {
    "image": "image",
    "text": "text",
    "tabular": "tabular",
    "sound": "audio",
}
# The hub's names of what networks do that answer no class and no number.
_TASKS = {"tokens": "text-generation", "strings": "automatic-speech-recognition"}
USE = "Inputs like those of the training data."
LIMITS = (
    "It answers {one}whatever it is shown, and knows nothing of inputs unlike those of "
    "the training data."
)


def publish(run: Run | str | Path, folder: str | Path, *, trust: bool = False) -> Path:
    """Make a folder of a run that any hub takes.

    It opens as a run does, here and, where it is uploaded to the Hugging Face Hub, as
    "hf://user/name". In it are the weights, `model.keras` for plain Keras,
    `model.onnx`, the run's own records without places of this machine, `card.json`,
    `run.json` with the checksums, and `README.md` with the metadata of the Hub. If
    no ONNX file can be written, a warning says why.

    Args:
        run: a run, its folder, or the name of trained weights.
        folder: a new one, or an empty one.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        The folder.

    Raises:
        Mistake: the folder is not a run, or the new one is not empty or cannot be
            written; nothing is left of it then.
    """
    opened, folder = open_run(run, trust=trust), expand(folder)
    _check_copied(opened)
    if "parameters" not in opened.metrics:
        raise Mistake(
            f"{opened.folder / 'metrics.json'} has no number of parameters; train again"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _taken(folder)
    if not folder.absolute().parent.is_dir():
        raise Mistake(f"there is no folder {folder.absolute().parent}; make it first")
    with (
        files.writing(folder),
        tempfile.TemporaryDirectory(
            prefix=".zoo-publish-", dir=folder.absolute().parent
        ) as place,
    ):
        made = Path(place) / folder.name
        made.mkdir()
        _fill(opened, made)
        try:
            os.replace(made, folder)
        except OSError as error:
            if folder.is_dir() and any(folder.iterdir()):  # another process was faster
                raise _taken(folder) from error
            raise
    return folder


def _check_copied(run: Run) -> None:
    """Refuse damaged files before any work: the copies are given sums that are right.

    Raises:
        Mistake: it names the file, and what is wrong.
    """
    seal.check(run.folder, tuple(_names(run.folder)), seal.LARGEST_MODEL)
    _ = run.temperature, run.errors()
    if (run.folder / "history.csv").is_file():
        _ = run.history


def _names(folder: Path) -> list[str]:
    """The files of a run that are copied: its own, and what a model.py imports."""
    beside = [name for name in seal.read(folder) or () if name.endswith(".py")]
    return list(dict.fromkeys([*_COPIED, *beside]))


def _taken(folder: Path) -> Mistake:
    return Mistake(f"{folder} is there already; give the name of a new folder")


def _fill(run: Run, folder: Path) -> None:
    from zoo.exporting import export

    for name in _names(run.folder):
        if (run.folder / name).is_file():
            shutil.copyfile(run.folder / name, folder / name)
    plain = without_places(run.recipe)
    files.write_json(folder / "recipe.json", recipes.to_json(plain))
    dataset = run.about_data
    dataclasses.replace(dataset, name=plain.data).save(folder)
    about = {k: v for k, v in run.environment.items() if k != recipes.FINGERPRINT}
    files.write_json(folder / "environment.json", about)
    copy = Run(folder, run.trust)
    if (run.folder / trained.CARD).is_file():
        card = trained.card(run.folder)
    else:
        card = describe(copy, folder.name)
    if not (folder / stored.GRAPH).is_file():
        from zoo.building import model_files

        model_files.save(run.model, folder / stored.GRAPH)
    files.write_json(folder / trained.CARD, card)
    seal.write(folder)
    try:
        export(copy, folder / ONNX)
    except Mistake as mistake:
        warnings.warn(f"{ONNX} is left out: {mistake}", stacklevel=4)
    files.write_text(folder / README, readme(card, dataset.kind))
    seal.write(folder)


def without_places(recipe: recipes.Recipe) -> recipes.Recipe:
    """The recipe without paths of this machine; of its data the last name stays.

    So does that of `data.more`: without it, less is learned from.
    """
    gone = paths(recipe)
    kept = {k: v for k, v in recipe.data_arguments.items() if k not in gone}
    if more := recipe.data_arguments.get("more"):
        kept["more"] = files.without_folders(more)
    data = files.without_folders(recipe.data)
    if is_path(recipe.data) and not is_path(data):
        data = f"./{data}"  # a folder, and no data set of that name
    return dataclasses.replace(recipe, data=data, data_arguments=kept)


def readme(card: dict, kind: str) -> str:
    """README.md: metadata as the Hugging Face Hub reads them, and the card in words."""
    numbers = card["task"] == "numbers"
    pipeline = _PIPELINES.get(kind, "tabular")
    task = f"{pipeline}-{'regression' if numbers else 'classification'}"
    if card["task"] in _TASKS:
        task = _TASKS[card["task"]]
    found = card.get("accuracy") or card["results"]
    measured = {"accuracy": found["value"]} if "value" in found else found
    about = {
        "library_name": "keras",
        "license": "unknown",
        "pipeline_tag": task,
        "tags": ["zoo", "keras", card["model"]],
        "datasets": [card["data"]],
        "metrics": [name for name in measured if name != "on"],
        "model-index": [
            {
                "name": card["name"],
                "results": [
                    {
                        "task": {"type": task},
                        "dataset": {"name": card["data"], "type": card["data"]},
                        "metrics": [
                            {"type": name, "value": value}
                            for name, value in measured.items()
                            if name != "on"
                        ],
                    }
                ],
            }
        ],
    }
    # A value in JSON is one in YAML, whatever letters a name has.
    head = [f"{key}: {json.dumps(value)}" for key, value in about.items()]
    said = trained.described(card).splitlines()
    return "\n".join(
        [
            "---",
            *head,
            "---",
            "",
            f"# {_as_words(card['name'])}",
            "",
            "## Use",
            "",
            f"{card['intended use']} {card['limits']}",
            "",
            'With zoo: `zoo.load(FOLDER)`, or `zoo.load("hf://user/name")` where this',
            "is uploaded, gives the network; `zoo.predict` answers raw inputs with it.",
            f'With Keras alone: `keras.saving.load_model("{stored.GRAPH}")`.',
            "",
            "## Card",
            "",
            *(f"- {_as_words(line)}" for line in said),
            "",
        ]
    )


def _as_words(text: str) -> str:
    """Text that Markdown shows as it is: no tag, link or picture of a stranger's."""
    return re.sub(r"([\[`\\])", r"\\\1", plain(text)).replace("<", "&lt;")


def describe(run: Run, name: str, recipe: str = "", use: str = USE, limits=""):
    """The card of a run that has ended, as JSON values.

    Args:
        run: what was trained.
        name: under which others find it.
        recipe: the name of its recipe, if it has one.
        use: what it is for, a sentence.
        limits: what it is not for, and where it fails; by default what all share.
    """
    dataset = run.about_data
    one = "one of its classes " if dataset.task == "classes" else ""
    metrics = run.metrics
    split = next(each for each in ("test", "validation", "train") if each in metrics)
    examples = dataset.examples.get(split, {}).get("examples")
    count = f"{examples:,} " if examples else ""
    about = run.environment
    return {
        "version": VERSION,
        "name": name,
        "model": run.recipe.model,
        "arguments": _plain(_arguments(run.recipe, dataset)),
        "parameters": metrics["parameters"],
        **_results(metrics[split], f"of {count}{split} examples"),
        "floors": {
            floor: found.get(_judged(found), found.get("loss"))
            for floor, found in metrics.get("floors", {}).items()
        },
        "calibration": metrics.get("calibration", {}),
        "inputs": inputs(dataset),
        "task": dataset.task,
        "classes": list(dataset.classes or dataset.outputs),
        "data": dataset.name,
        "description of the data": dataset.description,
        "license of the data": dataset.license,
        "citation of the data": dataset.citation,
        "recipe": recipe,
        "seed": run.recipe.seed,
        "backend": about.get("backend"),
        "commit": about.get("commit"),
        "versions": about.get("versions", {}),
        "intended use": use,
        "limits": limits or LIMITS.format(one=one),
    }


def _judged(found: dict) -> str:
    """The metric that a card tells first."""
    others = [name for name in ("bits", "error_rate") if name in found]
    return others[0] if others else "accuracy"


def _results(found: dict, on: str) -> dict:
    if _judged(found) == "accuracy" in found:
        return {"accuracy": {"value": found["accuracy"], "on": on}}
    return {"results": {**found, "on": on}}


def inputs(dataset: Dataset) -> str:
    """What goes in, and what is done to it, in words."""
    shape = " x ".join(map(str, dataset.input_shape))
    if dataset.kind == "image":
        words = "gray" if dataset.input_shape[2] == 1 else "RGB"
        others = "pictures of other sizes are cut and resized"
        if dataset.ink:
            others = (
                "the ink of other pictures is found on any ground, scaled so that the "
                "longer side has 20 of 28 pixels, and centered by mass"
            )
        return (
            f"{words} pictures of {shape}, whole numbers from 0 to 255, which the "
            f"model scales itself; {others}"
        )
    if dataset.kind == "text":
        assert dataset.encoder
        return (
            f"texts; their first or last {dataset.encoder.length} tokens of the "
            f"{dataset.encoder.size:,} in vocabulary.json"
        )
    if dataset.unit:
        return f"{dataset.unit} of a text, {shape} at a time, 0 where one is unknown"
    if dataset.timeline:
        line = dataset.timeline
        return (
            f"the last {line.window:,} steps of {line.step} of a table with "
            f"{', '.join(dataset.features)}; a value may be missing"
        )
    if dataset.kind == "sound":
        seconds = dataset.input_shape[0] / dataset.rate
        return (
            f"the first {seconds:.3g} s of sounds, {dataset.rate:,} samples of 16 bits "
            "a second; files of other rates and channels are brought to that"
        )
    if dataset.kind == "sequence":
        steps, channels = dataset.input_shape
        return f"sequences of at most {steps:,} steps of {channels} channels"
    missing = "; a value may be missing" if dataset.missing else ""
    return f"rows of {', '.join(dataset.features)}{missing}"


def _arguments(recipe: recipes.Recipe, dataset: Dataset) -> dict:
    """The arguments of `build`; of a model that is not zoo's those in the recipe alone.

    What else it takes only its file knows, which is not executed for that.
    """
    if stored.is_own(recipe):
        return recipe.model_arguments
    return fitting.arguments_for(recipe, dataset.facts())


def _plain(arguments: dict) -> dict:
    if "members" in arguments:  # of an ensemble
        members = [[name, _plain(each)] for name, each in arguments["members"]]
        return {**arguments, "members": members}
    if "columns" in arguments:
        return {**arguments, "columns": columns.to_json(arguments["columns"])}
    return arguments
