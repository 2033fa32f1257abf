"""Exports that zoo checks in a process of their own, for `fuzz`.

A new Python takes a second to start, which is no part of what is tried: here the
program that checks runs in a fork, which has imported the format's runtime.
"""

import contextlib
import importlib
import os
import re
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.stress import watch
from zoo.core import processes

HUGE = (0, 1, -1, 2, 7, 2**16, 2**20, 2**30, 2**31 - 1, -(2**31))
GROWTH = 300 * 2**20  # bytes above the sound case


def litert(folder: Path) -> list[tuple[bytes, Callable]]:
    """FILE.tflite by its bytes and by its graph, and what lies beside it."""
    return _exports(folder, "x.tflite", "ai_edge_litert.interpreter", _other_tflite)


def openvino(folder: Path) -> list[tuple[bytes, Callable]]:
    """FILE.xml by its bytes and by its graph, FILE.bin, and what lies beside them."""
    return _exports(folder, "x.xml", "openvino", _other_xml)


def _exports(folder: Path, name: str, runtime: str, other: Callable):
    from zoo.exporting import check, checks, limits

    path, run = folder / name, folder / "run"
    program = (
        "from pathlib import Path; from tests.stress.kinds import make_run; "
        "from zoo.exporting import export; "
        f"make_run(Path({str(run)!r})); export({str(run)!r}, {str(path)!r})"
    )
    made = processes.run("-W", "ignore", "-c", program)
    assert not made.returncode, made.stderr
    if runtime == "openvino":
        sys.modules.setdefault("openvino_telemetry", None)  # see the format
    importlib.import_module(runtime)
    limits.LONGEST = 2.0
    processes.run = _Forked(folder)
    sound = {each.name: each.read_bytes() for each in folder.glob("x.*")}

    def damaged(file, damage=None):
        def read(data):
            for each, content in sound.items():
                if (folder / each).read_bytes() != content:
                    (folder / each).write_bytes(content)
            (folder / file).write_bytes(data)
            return check(path)

        if damage:
            read.damage = damage
        return sound[file], read

    beside = [damaged(each) for each in sound if each != f"{name}.json"]
    assert len(beside) == 2 + (runtime == "openvino"), [*sound, checks.ENDING]
    return [*beside, damaged(name, other), damaged(name, other)]


class _Forked:
    """What `processes.run` does, in a fork of this process, with its memory watched."""

    def __init__(self, folder: Path):
        self.folder, self.sound = folder, 0

    def __call__(self, *words, **changes: str) -> subprocess.CompletedProcess[str]:
        said = [self.folder / name for name in ("stdout", "stderr")]
        child = os.fork()
        if not child:
            self._work([str(each) for each in words], said)
        try:
            _, status, used = os.wait4(child, 0)
        except BaseException:  # it is too late
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise
        peak = used.ru_maxrss * 1024
        self.sound = self.sound or peak
        assert peak - self.sound <= GROWTH, f"{(peak - self.sound) / 2**20:.0f} MiB"
        code = os.waitstatus_to_exitcode(status)
        assert code != _DID, said[1].read_text("utf-8", "replace")
        texts = [each.read_text("utf-8", "replace") for each in said]
        return subprocess.CompletedProcess(words, code, *texts)

    def _work(self, words: list[str], said: list[Path]):
        """The program that the words name, in the child, which ends here."""
        for number, path in enumerate(said, 1):
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, number)
        code = 1
        sys.argv = words[words.index("-m") + 1 :]
        try:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
            code = 0
        except SystemExit as end:
            os.write(2, f"{end}\n".encode())
        except BaseException:
            traceback.print_exc()
        if done := watch.seen():
            os.write(2, f"it did {done}".encode())
            code = _DID
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


_DID = 99  # the status of a child that did what no case may


def _other_tflite(data: bytes, chance) -> bytes:
    """A `.tflite` whose graph has one to three changes: shapes, types, places."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    for _ in range(chance.randint(1, 3)):
        graph = chance.choice(model.subgraphs)
        tensor, operator = chance.choice(graph.tensors), chance.choice(graph.operators)
        count = len(graph.tensors)
        place = chance.choice((-1, 0, 1, 2**20, count - 1, count))
        match chance.randrange(9):
            case 0:
                tensor.shape = [
                    chance.choice(HUGE) for _ in range(chance.randint(0, 5))
                ]
            case 1:
                tensor.shapeSignature = [chance.choice(HUGE)] * chance.randint(1, 4)
            case 2:
                tensor.buffer = chance.choice((0, 1, 2**16, len(model.buffers) - 1))
            case 3:
                tensor.type = chance.randrange(18)
            case 4 if len(operator.inputs):
                operator.inputs = [*operator.inputs]
                operator.inputs[chance.randrange(len(operator.inputs))] = place
            case 5:
                operator.outputs = [place]
            case 6:
                operator.opcodeIndex = chance.choice((0, 1, 99, 2**20))
            case 7:
                code = chance.choice(model.operatorCodes)
                code.builtinCode = chance.choice((0, 9, 22, 32, 69, 74, 119, 127, 200))
                code.deprecatedBuiltinCode = min(127, code.builtinCode)
            case 8:
                graph.inputs = [place]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


_VALUES = re.compile(r'(?<=")[-\d.,a-zA-Z_ ]+(?=")|(?<=<dim>)\d+(?=</dim>)')
_WORDS = (
    *("0", "1", "-1", "99999999999", "2147483647", "4294967296", "1000000000"),
    *("f64", "i4", "string", "Loop", "TensorIterator", "ReadValue", "Convolution"),
    *("../../x", "", "&x;", "1e999"),
)


def _other_xml(data: bytes, chance) -> bytes:
    """A graph of OpenVINO with one to three other values in it."""
    text = data.decode()
    for _ in range(chance.randint(1, 3)):
        found = chance.choice([*_VALUES.finditer(text)])
        text = text[: found.start()] + chance.choice(_WORDS) + text[found.end() :]
    return text.encode()
