"""A run to look at: a page with everything that it takes to trust it, or not."""

from collections.abc import Callable
from pathlib import Path

from zoo.building import trained
from zoo.core import files, folders
from zoo.core.kept import called
from zoo.core.progress import Progress
from zoo.errors import Mistake, unknown
from zoo.reporting import (
    ahead,
    calibration,
    classes,
    curves,
    folds,
    members,
    network,
    numbers,
    pages,
    picture,
    plane,
    result,
    screening,
    settings,
    wrong,
)
from zoo.reporting.blocks import Section, Words
from zoo.reporting.seen import Seen, look, look_if_possible
from zoo.run import Run, open_run

FORMATS = ("html", "md", "png")
# In the order of the page; each gives a section, or None where a run has none.
SECTIONS: tuple[Callable[[Seen], Section | None], ...] = (
    result.section,
    folds.section,
    members.section,
    curves.section,
    classes.section,
    screening.section,
    ahead.section,
    numbers.answers,
    numbers.coverage,
    numbers.spread,
    wrong.section,
    calibration.section,
    plane.section,
    network.section,
    network.filters,
    settings.times,
    settings.settings,
    settings.repeat,
)


def report(
    run: Run | str | Path, *, format: str = "html", trust: bool = False
) -> pages.Page:
    """Write a report of a run into its folder; of trained weights of zoo, here.

    `report.html` is one file that asks nothing of others: the result with its floors
    and 95 % intervals over the examples, curves with advice, confusion matrix and
    table of classes, the most confidently wrong examples, calibration, thresholds of
    two classes, residuals and intervals of numbers, the network with its filters, the
    time, the settings, and the commands that repeat it. What a run has not is left out.

    Args:
        run: a run, its folder, or the name of trained weights, such as "lenet:mnist".
        format: "html"; "md", the same in words; or "png", curves and confusion matrix
            as one picture.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        The file's path, which shows the page in a notebook.

    Raises:
        Mistake: the folder is not a run, cannot be written, or holds a damaged network
            (one whose examples are gone has a page that says so); the format is
            unknown; or matplotlib or jinja2 is not installed.
    """
    if format not in FORMATS:
        raise unknown("format of a report", format, FORMATS)
    pages.require()
    run = open_run(run, trust=trust)
    folder = Path() if trained.is_shipped(run.folder) else run.folder
    path = pages.Page(folder / f"report.{format}")
    then = "report a copy of the run in a folder of yours" if folder.parts else ""
    folders.check_place(path, then)
    if format == "png" and "members" in run.metrics:
        raise Mistake(
            f"{run.folder} has no curves to draw, as it was made of other runs; "
            f"`zoo report {run.folder}` writes the page without them"
        )
    if format == "png":
        picture.draw(look(run), path)
        return path
    sections = []
    with Progress("writing the report", 1 + len(SECTIONS)) as progress:
        seen = look_if_possible(run)
        if seen.lacking:
            about = f"Without its examples: {seen.lacking}"
            progress.say(about)
            sections.append(Section("Incomplete", [Words([about], "warning")]))
        for done, part in enumerate(SECTIONS, 1):
            progress.update(done)
            if found := part(seen):
                sections.append(found)
    write = pages.to_html if format == "html" else pages.to_markdown
    files.write_text(path, write(run.folder.resolve().name, _about(run), sections))
    return path


def _about(run: Run) -> str:
    """The model, the data and the backend of a run, in a line."""
    recipe, backend = run.recipe, run.environment.get("backend")
    if members := run.metrics.get("members"):
        return f"the mean of {len(members)} networks on {called(recipe.data)}"
    data = called(recipe.data)
    words = f"{Path(recipe.model).stem} on {data}, seed {recipe.seed}"
    return f"{words}, trained on {backend}" if backend else words
