"""Requests that wait together are answered together."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from zoo.answering import padded

MOST = 64  # inputs that are computed at a time


class Batches:
    """Answers inputs of several requests by one call, in the order of their coming.

    A call begins as soon as the last one has ended: nobody waits for others to come.
    Its size is a power of two, as XLA compiles a program for every size.

    Args:
        answer: from inputs (n, ...) to outputs (n, outputs).
        thread: where it is called.
    """

    def __init__(
        self,
        answer: Callable[[np.ndarray], np.ndarray],
        thread: ThreadPoolExecutor,
    ):
        self._answer, self._thread = answer, thread
        self._waiting: list[tuple[np.ndarray, asyncio.Future]] = []
        self._task: asyncio.Task | None = None

    async def ask(self, inputs: np.ndarray) -> np.ndarray:
        """The outputs for `inputs`, (n, ...)."""
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        self._waiting.append((inputs, answered))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._work())
        return await answered

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken, count = [], 0
            while self._waiting and (
                not taken or count + len(self._waiting[0][0]) <= MOST
            ):
                taken.append(self._waiting.pop(0))
                count += len(taken[-1][0])
            inputs = np.concatenate([each for each, _ in taken])
            try:
                outputs = await loop.run_in_executor(
                    self._thread, self._answer, padded(inputs)
                )
            # Whatever went wrong is told to those who asked, and the next are answered.
            except Exception as error:
                for _, answered in taken:
                    if not answered.done():
                        answered.set_exception(error)
                continue
            start = 0
            for each, answered in taken:
                if not answered.done():  # who asked may have gone
                    answered.set_result(outputs[start : start + len(each)])
                start += len(each)
