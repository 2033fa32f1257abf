"""A stranger's graph in ONNX Runtime: what it may take of memory and of time.

An arena bounds its arrays. ONNX Runtime can be stopped between two operators, and not
within one, so whatever has not been seen to end is computed in a thread of its own, on
which nobody has to wait. How long a graph computes depends on the shape of its inputs
alone (`zoo.core.operators` refuses others): what has ended once needs no thread.
"""

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from zoo.core import files, operators
from zoo.core.processors import processors
from zoo.errors import Mistake

# One thread answers, or all do, whichever is faster: on two quiet cores LeNet takes 0.2
# ms for a digit by both, and 0.27 by one; where other programs keep the cores busy,
# threads wait for each other. Programs come and go, so it is tried again.
# Calls of each that are timed, unless they have taken so many seconds: after a pause
# the first ones are slow, and two sometimes chose what is slower, for a second.
TRIED, LONG = 8, 5e-3
SHORT = 5e-5  # seconds, below which others have not woken up before it is done
# Microseconds that threads watch for work before they sleep; by default it is about
# 40,000, in which they burn processors. LeNet answers the next digit in 0.15 ms, and
# in 0.19 if they sleep at once; ONNX Runtime 1.26 is the first that takes it.
SPIN = 200
VALID = 1.0  # seconds that the choice lasts; or, if that is more,
MANY = 100  # times what an answer takes
LARGEST = 192 * 2**20  # bytes that the arrays of an answer may take, and the file
# That one input may take, or the making of a session. On one core EfficientNet-B0 takes
# 0.05 s for a picture, and is made in 0.5 s.
LONGEST = 10.0  # seconds
GRACE = 2.0  # seconds in which an operator may end after that
# The types of an input as ONNX Runtime calls them, which an `Input` of Keras may have.
_SAME = "uint8 int8 uint16 int16 uint32 int32 int64 bool float16"
KINDS = {
    **{f"tensor({name})": np.dtype(name).type for name in _SAME.split()},
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
}
# What ONNX Runtime says of its arena, and of the machine.
_NO_MEMORY = re.compile("smaller than requested bytes|Failed to allocate|bad alloc")
T = TypeVar("T")


class TooMuch(Mistake):
    """One input takes more memory, or more time, than an ONNX file may take."""


class Graph:
    """The graph in an ONNX file, which may come from anybody.

    Only operators that zoo writes are accepted, see `zoo.core.operators`. Their arrays
    take at most `LARGEST` bytes, and an answer at most `LONGEST` seconds.

    Args:
        path: of the file.

    Raises:
        Mistake: it cannot be read, is none of ONNX, or asks for more than zoo's files.
    """

    def __init__(self, path: Path):
        self.path = path
        # By the shape: the seconds of the calls that are tried, by one thread and then
        # by all; and what answers until when.
        self._took: dict[tuple[int, ...], tuple[list[float], list[float]]] = {}
        self._settled: dict[tuple[int, ...], tuple[Callable, float]] = {}
        self._content: bytes | None = None  # of the file, where that may go
        self._most = sys.maxsize  # inputs at a time that memory and time allow
        self._stopped: TooMuch | None = None  # by which it has shown to be too slow
        try:
            self._read = files.state(path)
            if os.stat(path).st_size > LARGEST:
                raise Mistake(
                    f"{path} has more than {LARGEST / 2**20:.0f} MiB; its run, with "
                    "Keras, may have more"
                )
            content = path.read_bytes()
        except OSError as error:
            raise Mistake(f"{path} cannot be read: {error.strerror}") from error
        operators.check(content, path)
        try:
            self._session = within(LONGEST, lambda: _session(content, threads=1))
            self.said: dict[str, str] = (
                self._session.get_modelmeta().custom_metadata_map
            )
            self._inputs = [(x.name, x.type) for x in self._session.get_inputs()]
        except TimeoutError as error:
            raise Mistake(
                f"{path} takes more than {LONGEST:g} s to be opened"
            ) from error
        # ONNX Runtime has an error of its own for each kind of damage, and pybind11 one
        # for what is not UTF-8.
        except Exception as error:
            reason = str(error).strip().splitlines()[0][:200]
            raise Mistake(
                f"{path} is no ONNX file that can be run: {reason}"
            ) from error

    @cached_property
    def taken(self) -> tuple[str, type]:
        """The name and the type of its input."""
        if len(self._inputs) != 1:
            raise Mistake(f"{self.path} is damaged: it has not one input")
        [(name, kind)] = self._inputs
        return name, KINDS.get(kind, np.float32)

    @cached_property
    def _given(self) -> list[str]:
        """The name of its output, which ONNX Runtime would look up in every call."""
        return [each.name for each in self._session.get_outputs()[:1]]

    @cached_property
    def _shared(self):
        """The graph on all processors; on one of them where the file has changed."""
        many = processors()
        if many == 1 or (self._content is None and self._has_changed()):
            return self._session
        return _session(self._content or self.path.read_bytes(), many)

    def _begin_again(self) -> None:
        """Make the sessions anew: what failed holds its memory for ever."""
        content = self._content
        if content is None:
            if self._has_changed():
                raise Mistake(f"{self.path} has changed while it answered; ask again")
            content = self.path.read_bytes()
        vars(self).pop("_shared", None)
        self._settled.clear()
        self._session = _session(content, threads=1)

    def _has_changed(self) -> bool:
        return files.state(self.path) != self._read

    def keep(self) -> None:
        """Read all that is needed of the file now: it may be removed then."""
        if not self._has_changed():
            self._content = self.path.read_bytes()
        _ = self.taken, self._shared

    def answers(
        self, inputs: np.ndarray, batch: int
    ) -> Iterator[tuple[int, np.ndarray]]:
        """What it computes, part by part: of how many inputs, and what.

        Args:
            inputs: decoded, (n, ...).
            batch: how many are computed at a time; fewer, if they take more than
                `LARGEST` bytes or `LONGEST` seconds.

        Raises:
            TooMuch: one input takes more.
            Mistake: it does not take such inputs.
        """
        kind, start = self.taken[1], 0
        if not self._took and len(inputs) > 1:  # how many fit into the time?
            self._run(np.asarray(inputs[:1], kind))
        while start < len(inputs):
            part: np.ndarray = np.asarray(
                inputs[start : start + min(batch, self._most)], kind
            )
            try:
                found = self._run(part)
            except TooMuch as error:
                if len(part) == 1 or error is self._stopped:
                    raise
                self._most = len(part) // 2
                continue
            yield len(part), found
            start += len(part)

    def _run(self, inputs: np.ndarray) -> np.ndarray:
        """By one thread or by all; the bits are the same."""
        if self._stopped:
            raise self._stopped
        try:
            run, until = self._settled.get(inputs.shape, _NEVER)
            if time.perf_counter() < until:
                return run(self._given, {self.taken[0]: inputs})[0]
            return self._timed(inputs)
        except TimeoutError as error:
            count = len(inputs)
            many = "one input" if count == 1 else f"{count} inputs at a time"
            reason = f"{self.path} takes more than {LONGEST:g} s to answer {many}"
            if count == 1 or isinstance(error, _Unstoppable):
                self._stopped = TooMuch(reason)
            raise self._stopped or TooMuch(reason) from error
        except Exception as error:  # as above
            reason = str(error).strip().splitlines()[0]
            if not _NO_MEMORY.search(str(error)):
                raise Mistake(
                    f"{self.path} does not answer inputs of shape "
                    f"{inputs.shape[1:]}: {reason[:200]}"
                ) from error
            self._begin_again()
            raise TooMuch(
                f"{self.path} takes more than {LARGEST / 2**20:.0f} MiB to "
                "answer one input; its run, with Keras, may take more"
            ) from error

    def _timed(self, inputs: np.ndarray) -> np.ndarray:
        """One of the calls after which it is settled how many threads answer."""
        is_first = inputs.shape not in self._took
        alone, shared = self._took.get(inputs.shape, ([], []))
        session, took = self._session, alone
        if _is_tried(alone):
            session, took = self._shared, shared
        start = time.perf_counter()
        if is_first:
            found = self._watched(inputs)
        else:
            found = session.run(self._given, {self.taken[0]: inputs})[0]
        end = time.perf_counter()
        if len(inputs) == 1 and is_first:
            self._most = min(self._most, max(1, int(LONGEST / 2 / (end - start))))
        took.append(end - start)
        self._took[inputs.shape] = alone, shared
        if _is_tried(shared) or (_is_tried(alone) and min(alone) < SHORT):
            if min(alone) < min(shared, default=SHORT):
                session = self._session
            until = end + max(VALID, MANY * min(alone + shared))
            self._settled[inputs.shape] = session.run, until
            self._took[inputs.shape] = [], []
        return found

    def _watched(self, inputs: np.ndarray) -> np.ndarray:
        """By a thread that is not waited for when it takes too long."""
        import onnxruntime

        options = onnxruntime.RunOptions()

        def stop():
            options.terminate = True

        given = {self.taken[0]: inputs}
        return within(
            LONGEST, lambda: self._session.run(self._given, given, options)[0], stop
        )


def _is_tried(took: list[float]) -> bool:
    """Whether calls of so many seconds tell how quick the next one is."""
    return len(took) >= TRIED or (len(took) > 1 and sum(took) > LONG)


_NEVER: tuple[Callable, float] = (lambda *_: None, 0.0)


class _Unstoppable(TimeoutError):
    """What took too long goes on."""


def within(seconds: float, work: Callable[[], T], stop=lambda: None) -> T:
    """What `work` gives, computed in a thread, if it ends in so many seconds.

    Args:
        seconds: at most.
        work: it may be in a library's code, where nothing can interrupt it.
        stop: asks it to end; whatever goes on after `GRACE` ends with the process.

    Raises:
        TimeoutError: it takes longer; or what `work` raises.
    """
    found: list[T] = []
    raised: list[BaseException] = []

    def do():
        try:
            found.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        stop()
        thread.join(GRACE)
        raise _Unstoppable if thread.is_alive() else TimeoutError
    if raised:
        raise raised[0]
    return found[0]


def _session(content: bytes, threads: int):
    """A network in ONNX Runtime, whose threads sleep soon after an answer.

    Its arrays lie in an arena of its own that does not grow beyond `LARGEST`. What
    the runtime computes before the first input, constants of constants, would lie
    elsewhere; zoo's files hold none, and it is left for the time of an answer.
    """
    import onnxruntime

    memory = onnxruntime.OrtMemoryInfo(
        "Cpu",
        onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR,
        0,
        onnxruntime.OrtMemType.DEFAULT,
    )
    as_asked = 1  # of ONNX Runtime's ways to grow; the other doubles
    arena = {"max_mem": LARGEST, "arena_extend_strategy": as_asked}
    # It replaces the last one, which the sessions that were made with it keep.
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(arena))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what goes wrong is raised, and need not be printed
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN))
    options.add_session_config_entry("session.use_env_allocators", "1")
    # The weights, which are as large as the file.
    options.add_session_config_entry(
        "session.use_device_allocator_for_initializers", "1"
    )
    return onnxruntime.InferenceSession(
        content,
        options,
        disabled_optimizers=["ConstantFolding"],
        enable_fallback=0,  # which would print stars and try the same once more
    )
