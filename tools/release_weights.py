"""Put the weights of a run into zoo/weights/, with a card, and the run into the ledger.

    python tools/release_weights.py RUN NAME
    python tools/release_weights.py runs/lenet_mnist lenet:mnist
    python tools/release_weights.py runs/gru_imdb lstm_sentiment:imdb --words 100000
    python tools/release_weights.py --errors lenet:mnist [data.path=DIR]

RUN is the folder of a training of one of zoo's recipes, unchanged, from a commit. What
is written is measured: the accuracy and the calibration on the card are those of the
files as they lie in zoo/weights/, on all examples. With --words, only the most frequent
words and runs of words are kept, and weights in half precision. `--root` writes into
another folder than zoo/weights/. `--errors` measures on the validation split what
`zoo predict --confidence` needs to know of weights that lie there, and writes nothing
else.
"""

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from pathlib import Path

import ledger
import numpy as np
import safetensors.numpy

from zoo import publishing
from zoo import recipe as recipes
from zoo.building import stored, trained
from zoo.core import files, seal
from zoo.data import identity, restore
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.metrics import calibration, measure, summarize, surprises_of
from zoo.recipe.overrides import PATHS
from zoo.run import Run, open_run

ROOT = Path(trained.__file__).parents[1] / "weights"
LARGEST = 8 * 10**6  # bytes of the files of one name
ANSWERS = 3  # to made-up inputs, by which every backend is compared
KEPT = ("recipe.json", "environment.json", "data.json", "metrics.json", "history.csv")
USES = {  # what each is for, and what it is not for
    "perceptron:iris": (
        "Teaching: the perceptron's rule converges where a line parts two classes.",
        "It knows two species of Iris by two lengths; its outputs are no probabilities "
        "that were ever tested, as all examples were learned from.",
    ),
    "lenet:mnist": (
        "Teaching, and single handwritten digits, one in a picture.",
        "It answers a digit whatever it is shown: letters, several digits and turned "
        "ones are read as some digit. No postal or financial use without measuring it "
        "on your own writers.",
    ),
    "deep_mlp:mnist": (
        "Teaching, and a small baseline for single handwritten digits.",
        "It answers a digit whatever it is shown, and a convolutional network such as "
        "lenet:mnist is right more often.",
    ),
    "deep_mlp:fashion_mnist": (
        "Teaching: what one hidden layer reaches on small gray pictures of clothes.",
        "It knows 28 x 28 gray pictures of single clothes on black, as Zalando's shop "
        "took them, and no photographs of people or rooms.",
    ),
    "lenet:mnist_relu": (
        "Single handwritten digits, one in a picture; lenet:mnist is wrong more often.",
        "It answers a digit whatever it is shown: letters, several digits and turned "
        "ones are read as some digit. No postal or financial use without measuring it "
        "on your own writers.",
    ),
    "tiny_vgg:fashion_mnist": (
        "Teaching: a whole convolutional network in 7,740 parameters.",
        "It knows 28 x 28 gray pictures of single clothes on black, as Zalando's shop "
        "took them, and no photographs of people or rooms.",
    ),
    "tiny_vgg:fashion_mnist_wide": (
        "Gray pictures of single clothes, and a baseline for small pictures.",
        "It knows 28 x 28 gray pictures of single clothes on black, as Zalando's shop "
        "took them, and no photographs of people or rooms.",
    ),
    "lstm_sentiment:imdb": (
        "Whether an English review of a film likes it.",
        "Reviews of films in English, from before 2011. It takes irony at its word, "
        "has no answer such as neutral, and words for groups of people may move it.",
    ),
    "mammogram_mlp:masses": (
        "Teaching: calibrated risks from a small table with missing values.",
        "Never for diagnosis. One hospital's masses of 2003 to 2006, described by "
        "radiologists. The test split is small: the cross-validation says more.",
    ),
}


def main(words: list[str] | None = None) -> None:
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["--errors"]:
        startup.load()
        return add_errors(*words[1:])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", metavar="RUN", help="the folder of a run")
    parser.add_argument("name", metavar="NAME", choices=USES, help=", ".join(USES))
    parser.add_argument("--recipe", help="its recipe; found by its fields by default")
    parser.add_argument("--words", type=int, help="keep so many words, in float16")
    parser.add_argument("--root", type=Path, default=ROOT, help="zoo/weights/")
    options = parser.parse_args(words)
    startup.load()
    run = open_run(options.run)
    recipe = options.recipe or recipe_of(run)
    line = ledger_line(run, recipe, options.name)
    folder = options.root.joinpath(*options.name.split(":"))
    with tempfile.TemporaryDirectory() as place:
        made = release(run, Path(place), options.name, recipe, options.words)
        measure_again(made, run, line)
        size = sum(path.stat().st_size for path in Path(place).iterdir())
        if size > LARGEST:
            raise Mistake(f"{size:,} bytes; accepted: {LARGEST:,}; keep fewer words")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path in sorted(Path(place).iterdir()):
            shutil.copyfile(path, folder / path.name)  # readable by all
    same = ("released", "recipe", "seed", "backend", "commit")
    if not any(all(each.get(k) == line[k] for k in same) for each in ledger.read()):
        ledger.append(line)
    print(trained.described(trained.card(folder)))


def recipe_of(run: Run) -> str:
    """The recipe whose fields, the seed and places apart, are those of the run."""
    fields = ledger.fields(run.recipe)
    for name in recipes.names():
        if ledger.fields(recipes.load(name)) == fields:
            return name
    raise Mistake(f"{run.folder} is a run of no recipe as it stands today")


def ledger_line(run: Run, recipe: str, name: str) -> dict:
    """The ledger's line for this very run."""
    if (run.environment["commit"] or "-dirty").endswith("-dirty"):
        raise Mistake(f"{run.folder} was trained by code that no commit names")
    return {**ledger.entry(recipe, run), "released": name}


def release(run: Run, folder: Path, name: str, recipe: str, words: int | None) -> Run:
    """The files of the run that are shipped, without places of this machine."""
    for each in KEPT:
        shutil.copy(run.folder / each, folder)
    shipped = publishing.without_places(run.recipe)
    if words:
        _cut(run, folder, words)
        given = {**shipped.data_arguments, "vocabulary_size": words}
        shipped = dataclasses.replace(shipped, data_arguments=given)
    else:
        shutil.copy(run.folder / stored.WEIGHTS, folder)
    files.write_json(folder / "recipe.json", recipes.to_json(shipped))
    about = run.environment
    about.pop(recipes.FINGERPRINT)  # the run is not resumed
    files.write_json(folder / "environment.json", about)
    made = Run(folder)
    use, limits = USES[name]
    card = publishing.describe(made, name, recipe, use, limits)
    card["weights"] = "float32, as trained"
    if words:
        kept, of = restore(folder).encoder.size, restore(run.folder).encoder.size
        card["weights"] = f"float16, {kept:,} of {of:,} tokens, the most frequent"
    files.write_json(folder / trained.CARD, card)
    return made


def _cut(run: Run, folder: Path, words: int) -> None:
    """The most frequent words of the run, and its weights in half precision."""
    dataset = restore(run.folder)
    encoder = dataclasses.replace(
        dataset.encoder, words=dataset.encoder.words[: words - 2]
    )
    dataclasses.replace(dataset, encoder=encoder, examples={}).save(folder)
    arrays = safetensors.numpy.load_file(run.folder / stored.WEIGHTS)
    for name, values in arrays.items():
        if len(values) == dataset.encoder.size:
            values = values[: encoder.size]
        half = values.dtype == "float32"
        arrays[name] = np.ascontiguousarray(values.astype("float16" if half else None))
    safetensors.numpy.save_file(arrays, folder / stored.WEIGHTS, {"format": "zoo 1"})


def measure_again(made: Run, run: Run, line: dict) -> None:
    """Write what these files reach on all examples into metrics and card."""
    from zoo.data.sources.made_up import sample
    from zoo.engine import steps

    card = json.loads((made.folder / trained.CARD).read_text("utf-8"))
    card["ledger"] = {
        split: line["metrics"][split]["accuracy"]
        for split in ("test", "validation", "train")
        if split in line["metrics"]
    }
    given = run.recipe.data_arguments
    places = {key: given[key] for key in PATHS if key in given}
    dataset = made.dataset(**places)
    # An older run does not say whether its pictures are laid out as MNIST's, and the
    # fingerprint is that of texts as they are numbered by the words that are kept.
    now = {"ink": dataset.ink, "examples": identity.examples(dataset)}
    dataclasses.replace(restore(made.folder), **now).save(made.folder)
    card["inputs"] = publishing.inputs(restore(made.folder))
    forward = steps.compile_forward(made.model)
    found = {}
    for name in card["ledger"]:
        split = dataset.split(name)
        found[name] = steps.predict(forward, split.inputs), split.targets
    metrics = {**made.metrics, "parameters": made.model.count_params()}
    metrics |= {name: measure(*each) for name, each in found.items()}
    first = next(iter(found))
    if "validation" in found:
        metrics["calibration"] = calibration(found["validation"], found[first])
        metrics["conformal"] = short(surprises_of(*found["validation"]))
        card["confidence"] = confidence(metrics["conformal"])
    card["parameters"] = metrics["parameters"]
    card["accuracy"] = {
        "value": metrics[first]["accuracy"],
        "on": f"of {len(dataset.split(first)):,} {first} examples",
    }
    card["calibration"] = metrics.get("calibration", {})
    expects = run.recipe.expects
    if expects and expects.folds:
        rows = ledger.measured(line["recipe"], line["backend"], ledger.read())
        claim = summarize([row["metrics"]["test"]["accuracy"] for row in rows])
        card["cross-validation"] = {
            "accuracy": claim.mean,
            "deviation": claim.deviation,
            "parts": expects.folds,
            "repeats": claim.count,
        }
    asked = sample(made.model, ANSWERS).train.inputs
    answered = np.asarray(forward(asked), "float64")
    card["answers"] = [[float(f"{each:.8g}") for each in row] for row in answered]
    files.write_json(made.folder / "metrics.json", metrics, indent=None)
    files.write_json(made.folder / trained.CARD, card)
    seal.write(made.folder)


def add_errors(name: str, *changes: str) -> None:
    """Write the errors on the validation split into metrics and card, and the sums.

    Args:
        name: of weights that lie in zoo/weights/.
        changes: where the data lie, such as "data.path=DIR".
    """
    from zoo.engine import steps

    made = open_run(name)
    given = recipes.override(made.recipe, changes).data_arguments
    places = {key: given[key] for key in PATHS if key in given}
    split = made.dataset(**places).split("validation")
    then = made.about_data.examples.get("validation", {}).get("sha256")
    if then not in (None, identity.fingerprint(split)):
        raise Mistake(f"the validation examples are not those that {name} was held to")
    outputs = steps.predict(made.forward, split.inputs)
    about = short(surprises_of(outputs, split.targets))
    card = trained.card(name)
    kept = {k: v for k, v in card.items() if k != "answers"}  # which stand last
    card = {**kept, "confidence": confidence(about), "answers": card["answers"]}
    metrics = {**made.metrics, "conformal": about}
    files.write_json(made.folder / "metrics.json", metrics, indent=None)
    files.write_json(made.folder / trained.CARD, card)
    seal.write(made.folder)
    print(f"{name}: {card['confidence']}")


def short(about: dict) -> dict:
    """Errors in five digits, rounded up: what is excluded stays excluded rightly."""
    errors = {
        name: [float(f"{each * (1 + 5e-5):.5g}") for each in values]
        for name, values in about["errors"].items()
    }
    return {**about, "errors": errors}


def confidence(about: dict) -> str:
    """Up to which confidence answers can be asked for, in words."""
    count = about["examples"]
    return (
        f"up to {count / (count + 1):.4g}, from the errors on {count:,} validation "
        "examples"
    )


if __name__ == "__main__":
    try:
        main()
    except Mistake as mistake:
        sys.exit(str(mistake))
