"""Export a run for other programs, checked against the original."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from zoo import backend
from zoo.building import trained
from zoo.core import files, folders, processes, seal
from zoo.core.paths import expand
from zoo.core.progress import Progress
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.exporting import formats
from zoo.run import Run, open_run


def export(
    run: Run | str | Path,
    path: str | Path | None = None,
    *,
    format: str | None = None,
    outputs: str = "logits",
    int8: bool = False,
    trust: bool = False,
) -> Path:
    """Write the run's network for other programs, whatever backend trained it.

    The file answers batches of any size, in float32, and takes what the network takes:
    pixels 0 to 255, columns with missing values, ids of words; all scaling is inside.
    Its metadata say so, and name the classes. Beside it lie `FILE.json`, the metadata,
    and `FILE.checks.npz`, 100 made-up inputs with the network's own answers. The
    format's runtime answers them too, in batches of 1, 7, 33 and 59: the file is kept
    only if it agrees to 1e-4, relative to the largest answer.

    Args:
        run: a run or its folder.
        path: of the file; by default `model` in the run's folder, with the ending of
            the format; for weights that zoo ships `lenet_mnist` in the current folder.
        format: one of `zoo.exporting.formats.names()`; by default that whose files end
            like `path`, otherwise "onnx". A format that another backend writes is
            written in a process of its own.
        outputs: "logits", what the network gives, or "probabilities" of all classes.
        int8: whether the weights are to be int8, a quarter as large; of the formats
            onnx, openvino, keras and litert. The answers differ then: of the 100 inputs
            at least 90 must have the same, and `FILE.checks.npz` says how many had.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        The file's path.

    Raises:
        Mistake: the folder is not a run, or that of `path` does not exist or cannot be
            written; a backend or package is missing; the network cannot be exported,
            or answers differ.
    """
    from zoo.exporting import checks

    run = open_run(run, trust=trust)
    then = "" if path else "give a file of yours: --to FILE (in Python: path=FILE)"
    path, format = _place(run, path, format, int8)
    beside = [path.with_name(f"{path.name}.json"), checks.beside(path)]
    for each in [path, *beside] if path.suffix else beside:
        folders.check_place(each, then)
    formats.require(format, int8)
    with (
        files.writing(path),
        Progress(f"exporting as {format}", 2) as progress,
        tempfile.TemporaryDirectory(prefix=".zoo-export-", dir=path.parent) as folder,
    ):
        made = Path(folder) / path.name
        try:
            _write(run, made, format, outputs, int8)
            progress.update(1, what=f"checking {path.name}")
            found = _compare(made, format)
        except Mistake as error:  # the folder that it names is gone when it is read
            raise Mistake(str(error).replace(str(made), str(path))) from error
        if int8:
            checks.save(made, *checks.read(made), found - checks.SLACK)
        _certify(made, found)
        # The file itself comes last, so that its checks are there when it is.
        for each in sorted(Path(folder).iterdir(), key=lambda each: each == made):
            _move(each, path.with_name(each.name))
    return path


def check(path: str | Path, trust: bool = False) -> float:
    """Compare an exported file again with the answers that lie beside it.

    Args:
        path: of the file, on any machine that has the format's runtime.
        trust: open files of PyTorch and TensorFlow, which may execute what they hold;
            and put no bounds to the memory and time of others.

    Returns:
        The largest difference, relative to the largest answer; at most 1e-4. Of a file
        in int8 the share of answers that are those of the network in float32.

    Raises:
        Mistake: there is no such file, its checks or its runtime are missing, or its
            answers differ.
    """
    path = expand(path)
    if not path.exists():
        raise Mistake(f"there is no file {path}; `zoo export RUN --to {path}` makes it")
    name = formats.of(path)
    if name is None:
        raise Mistake(f"{path} ends like no exported file; accepted: {_endings()}")
    is_file = bool(formats.module(name).SUFFIX)
    for each in [path] if is_file else path.rglob("*"):
        if not each.is_file() and (is_file or not each.is_dir()):
            raise Mistake(f"{each} is no plain file, as those of the format {name} are")
    why = getattr(formats.module(name), "EXECUTES", None)
    if why and not trust:
        raise Mistake(
            f"{path} would be executed: {why}; if you trust it, add --trust (in "
            "Python: trust=True)"
        )
    reader = formats.module(name).READER
    if reader and reader not in backend.installed():
        raise Mistake(f"{path} is opened by {reader}, which is not installed")
    for package in formats.module(name).PACKAGES:
        if not backend.is_installed(package):
            raise Mistake(f"to check {path} needs {package}: pip install {package}")
    with Progress(f"checking {path.name}", 1):
        return _compare(path, name, trust)


def _place(run: Run, path, format: str | None, int8: bool) -> tuple[Path, str]:
    """The file's path and format, whose endings and folders are right."""
    if format is None:
        format = (formats.of(Path(path)) if path else None) or "onnx"
    suffix = formats.module(format).SUFFIX
    if path is None:
        # A run has a `model.keras` of its own, which may be in mixed precision.
        stem = "exported" if suffix == ".keras" else "model"
        stem += "_int8" if int8 else ""
        path = run.folder / (f"{stem}{suffix}" if suffix else format)
        if trained.is_shipped(run.folder):
            stem = "_".join(run.folder.parts[-2:]) + ("_int8" if int8 else "")
            path = Path(f"{stem}{suffix or '_' + format}")
        if not suffix:
            _check_folder(path, formats.module(format).HOLDS)
        return path, format
    path = expand(path)
    if path.is_dir() and suffix:
        raise Mistake(f"{path} is a folder; give a file, as {path / f'model{suffix}'}")
    if path.suffix != suffix:
        ending = f"end with {suffix}" if suffix else "are folders, without an ending"
        raise Mistake(
            f"{path} is no name for the format {format}: its files {ending}; "
            f"other formats: {_endings()}"
        )
    if not path.parent.is_dir():
        raise Mistake(
            f"there is no folder {path.parent} for {path.name}; make it first"
        )
    if not suffix:
        _check_folder(path, formats.module(format).HOLDS)
    is_run = (path.parent / "recipe.json").is_file()
    if is_run and path.name in (seal.read(path.parent) or ()):
        raise Mistake(
            f"{path} is a file of the run {path.parent}, whose checksum it keeps; give "
            "another name"
        )
    return path, format


def _check_folder(path: Path, own: set[str]) -> None:
    """Refuse a place that is no new folder, nor one with nothing but the last export.

    Args:
        path: of the folder, which is removed before the new one takes its place.
        own: the names that may lie in the last one.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        what = "a link" if path.is_symlink() else "a file"
        raise Mistake(f"{path} is {what}; give the name of a new folder")
    others = {each.name for each in path.iterdir()} - own if path.is_dir() else ()
    if others:
        raise Mistake(
            f"{path} holds other files, such as {min(others)}; give the name of a new "
            "folder"
        )


def _endings() -> str:
    pairs = ((name, formats.module(name).SUFFIX) for name in formats.names())
    return ", ".join(f"{name} ({suffix or 'a folder'})" for name, suffix in pairs)


def _write(run: Run, path: Path, name: str, outputs: str, int8: bool) -> None:
    from zoo.exporting.onnx.graph import Unsupported

    wanted, more = formats.module(name).BACKEND, []
    if wanted is None:
        startup.import_keras()
        from zoo.exporting.writing import write

        try:
            return write(run, path, name, outputs, int8)
        except Unsupported as missing:
            if "torch" not in backend.installed():
                raise Mistake(
                    f"{run.folder} cannot be exported as {name}: zoo has no "
                    f"translation of {missing}; PyTorch may have one: pip install "
                    '"zoo[torch,export]"'
                ) from missing
            wanted, more = "torch", ["--trace"]
    words = [run.folder, path, name, outputs, *more]
    words += ["--int8"] if int8 else []
    words += ["--trust"] if run.trust else []
    _worker(f"{run.folder} cannot be exported as {name}", wanted, "write", *words)


def _compare(path: Path, name: str, trust: bool = True) -> float:
    reader = formats.module(name).READER
    apart = not trust and getattr(formats.module(name), "APART", False)
    if reader is None and not apart:
        startup.import_keras()
        from zoo.exporting import checks

        return checks.compare(path, name, trust)
    words = ["compare", path, name, *(["--trust"] if trust else [])]
    return float(_worker(f"{path} failed its check", reader, *words))


def _certify(path: Path, found: float) -> None:
    """Write into the metadata beside a file that it was checked, and its checksum."""
    beside = path.with_name(f"{path.name}.json")
    about = files.read_json(beside, seal.LARGEST)
    if path.is_file():
        about["file"] = seal.checksum(path)
    about["same answers" if about["precision"] == "int8" else "difference"] = found
    files.write_json(beside, about)


def _worker(failed: str, name: str | None, *words) -> str:
    """What a process with Keras on the backend `name`, or without Keras, printed last.

    A signal ends a process that a damaged file misleads, or that computes beyond its
    limit.
    """
    program = ["-W", "ignore", "-m", "zoo.exporting.worker"]
    wanted = {"KERAS_BACKEND": name} if name else {}
    done = processes.run(*program, *words, **wanted)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        why = "it takes too long" if name == "SIGXCPU" else "it may be damaged"
        raise Mistake(f"{failed}: {why} ({name} ended the process)")
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise Mistake(f"{failed}: {reason.removeprefix('zoo: ')}")
    return (done.stdout.strip().splitlines() or [""])[-1]


def _move(made: Path, path: Path) -> None:
    if made.is_dir() and path.is_dir():  # the last export, as `_check_folder` saw
        shutil.rmtree(path)
    os.replace(made, path)
