"""Draw docs/picture.png: a digit, the answer of LeNet, and the pixels behind it.

    python tools/readme_picture.py              trains LeNet on mnist_sample first
    python tools/readme_picture.py RUN          takes a run on pictures

The digit is one that is read right and not quite for certain, so that its bars and its
map have something to show: of the first hundred of the test split, the right answer
nearest to 90 %. The map is by occlusion (Zeiler & Fergus 2014, ECCV): how far the
logarithm of the probability falls when a window around the pixel is painted with the
background.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import zoo
from zoo import data
from zoo import recipe as recipes
from zoo.run import Run

FILE = Path(__file__).parents[1] / "docs" / "picture.png"
WINDOW, EXAMPLES, CERTAIN = 5, 100, 0.9
CARD, INK, BAR, ANSWER = "#ffffff", "#222222", "#c8ccd4", "#3949ab"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", help="the folder of a run")
    chosen = parser.parse_args().run
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(chosen)) if chosen else trained(Path(folder) / "run")
        dataset = data.load_for(run.recipe)
        image, truth = telling(run, dataset)
        print(draw(run, image, truth))


def trained(folder: Path) -> Run:
    recipe = recipes.override(recipes.load("lenet_mnist"), ["data=mnist_sample"])
    return zoo.train(recipe, run=folder, quiet=True)


def telling(run: Run, dataset) -> tuple[np.ndarray, str]:
    """An image (H, W, C) that is read right with about `CERTAIN`, and its class."""
    images = dataset.test.inputs[:EXAMPLES]
    names = [dataset.classes[each] for each in dataset.test.targets[:EXAMPLES]]
    answers = zoo.predict(run, list(images))
    right = [
        (abs(answer.probability - CERTAIN), number)
        for number, answer in enumerate(answers)
        if answer.label == names[number]
    ]
    _, chosen = min(right)
    return images[chosen], names[chosen]


def occluded(run: Run, image: np.ndarray, label: str) -> np.ndarray:
    """How far the logarithm of the label's probability falls, by pixel (H, W)."""
    height, width = image.shape[:2]
    half = WINDOW // 2
    painted = []
    for row in range(height):
        for column in range(width):
            one = image.copy()
            window = (
                slice(max(0, row - half), row + half + 1),
                slice(max(0, column - half), column + half + 1),
            )
            one[window] = 0
            painted.append(one)
    before, *after = zoo.predict(run, [image, *painted])
    shares = np.array([answer.probabilities[label] for answer in after])
    falls = np.log(before.probabilities[label]) - np.log(np.maximum(shares, 1e-12))
    return falls.reshape(height, width)


def draw(run: Run, image: np.ndarray, truth: str) -> Path:
    """Write the picture; a white card, to be read on light and dark pages."""
    from matplotlib.figure import Figure

    answer = zoo.predict(run, [image])[0]
    falls = occluded(run, image, truth)
    figure = Figure(figsize=(7.2, 2.4), facecolor=CARD, layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.1, 1))
    left.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    left.set_title("a digit", color=INK, fontsize=10)
    names = sorted(answer.probabilities)
    shares = [answer.probabilities[name] for name in names]
    colors = [ANSWER if name == answer.label else BAR for name in names]
    middle.barh(names, shares, color=colors)
    middle.invert_yaxis()
    middle.set_xlim(0, 1)
    middle.set_xticks([])
    middle.tick_params(length=0, colors=INK, labelsize=8)
    for side in middle.spines.values():
        side.set_visible(False)
    for place, (name, share) in enumerate(zip(names, shares, strict=True)):
        if share >= 0.01:
            inside = share > 0.8
            middle.text(
                share - 0.02 if inside else share + 0.02,
                place,
                f"{share:.0%}",
                color=CARD if inside and name == answer.label else INK,
                ha="right" if inside else "left",
                va="center",
                fontsize=8,
            )
    middle.set_title(f"{run.recipe.model} says {answer.label}", color=INK, fontsize=10)
    bound = np.abs(falls).max()
    right.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    right.imshow(falls, cmap="RdBu_r", vmin=-bound, vmax=bound, alpha=0.75)
    right.set_title(f"red speaks for {truth}, blue against", color=INK, fontsize=10)
    for axes in (left, right):
        axes.axis("off")
        axes.set_anchor("N")
    figure.savefig(FILE, dpi=120, facecolor=CARD, metadata={"Software": None})
    return FILE


if __name__ == "__main__":
    main()
