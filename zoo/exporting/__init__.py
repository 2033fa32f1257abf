"""Export a run as ONNX, checked against the original."""

from pathlib import Path

from zoo import backend
from zoo.core import processes
from zoo.errors import Mistake
from zoo.run import Run, open_run


def export(
    run: Run | str | Path, path: str | Path | None = None, *, trust: bool = False
) -> Path:
    """Write the run's model as an ONNX file, whatever backend trained it.

    Keras writes ONNX on PyTorch, so the work is done in a process of its own on that
    backend. ONNX Runtime then answers 8 made-up inputs, and so does the original: the
    file is kept only if the answers agree to 1e-4, relative to the largest.

    Args:
        run: a run or its folder.
        path: of the file; `model.onnx` in the run's folder by default.
        trust: execute the run's own model file, see `zoo.run.open_run`.

    Returns:
        The file's path. The model takes float32 or int32 inputs of any batch size and
        gives logits.

    Raises:
        Mistake: the folder is not a run, PyTorch, onnx or onnxruntime is not
            installed, the model cannot be exported, or the answers differ.
    """
    run = open_run(run, trust=trust)
    path = Path(path) if path else run.folder / "model.onnx"
    if path.is_dir():
        raise Mistake(f"{path} is a folder; give a file, as {path / 'model.onnx'}")
    if "torch" not in backend.installed():
        raise Mistake('ONNX is written on PyTorch: pip install "zoo[torch,export]"')
    for package in ("onnx", "onnxruntime"):
        if not backend.is_installed(package):
            raise Mistake(f'an export needs {package}: pip install "zoo[export]"')
    program = ["-W", "ignore", "-m", "zoo.exporting.onnx"]
    words = [run.folder, path, *(["--trust"] if run.trust else [])]
    done = processes.run(*program, *words, KERAS_BACKEND="torch")
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        reason = reason.removeprefix("zoo.errors.Mistake: ")
        raise Mistake(f"{run.folder} cannot be exported as ONNX: {reason}")
    return path
