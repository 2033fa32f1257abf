"""A headless Chromium, told what to do by its own protocol over two pipes.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_START = """
import os, sys
for old, new in ((int(sys.argv[1]), 100), (int(sys.argv[2]), 101), (100, 3), (101, 4)):
    os.dup2(old, new)  # Chromium reads from 3 and writes to 4
os.execv(sys.argv[3], sys.argv[3:])
"""


class Page:
    """An open page."""

    def __init__(self, commands, answers):
        self._commands, self._answers = commands, answers
        self._count, self._session = 0, ""
        target = self("Target.createTarget", url="about:blank")["targetId"]
        attached = self("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def __call__(self, method: str, **parameters) -> dict:
        """What the browser answers to a command of its protocol."""
        self._count += 1
        asked = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        self._commands.write(json.dumps(asked).encode() + b"\0")
        self._commands.flush()
        while True:
            said = json.loads(self._read())
            if said.get("id") == self._count:
                assert "error" not in said, said
                return said["result"]

    def _read(self) -> bytes:
        found = bytearray()
        while (letter := self._answers.read(1)) != b"\0":
            assert letter, "Chromium ended"
            found += letter
        return bytes(found)

    def open(self, address: str, width: int = 1000, height: int = 900) -> None:
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def evaluate(self, script: str) -> Any:
        """The value of a script, a promise awaited."""
        said = self(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def wait(self, script: str, seconds: float = 30) -> Any:
        """The value of a script as soon as it is true."""
        end = time.monotonic() + seconds
        while not (found := self.evaluate(script)):
            assert time.monotonic() < end, f"{script} is still {found!r}"
            time.sleep(0.05)
        return found

    def drag(self, *points: tuple[float, float]) -> None:
        """Press the mouse at the first of these points, move it over all, let go."""
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1)]
        for kind, (x, y) in zip(kinds, points, strict=True):
            self._mouse(kind, x, y)
        self._mouse("mouseReleased", *points[-1])

    def _mouse(self, kind: str, x: float, y: float) -> None:
        about = {"x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        self("Input.dispatchMouseEvent", type=kind, **about)

    def drop(self, name: str, text: str) -> None:
        """Let a file fall on the page, which takes it: a browser would go to it."""
        assert self.evaluate(
            "(() => { const given = new DataTransfer();"
            f"given.items.add(new File([{json.dumps(text)}], {json.dumps(name)}));"
            "const about = {dataTransfer: given, bubbles: true, cancelable: true};"
            "return !document.body.dispatchEvent(new DragEvent('drop', about)); })()"
        )

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        said = self("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(said["data"])


@contextlib.contextmanager
def page(*options: str) -> Iterator[Page]:
    """A new page of a new browser, which ends with it; with more options of its own."""
    child_reads, we_write = os.pipe()
    we_read, child_writes = os.pipe()
    ends = child_reads, child_writes
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _START,
            *map(str, ends),
            str(CHROMIUM),
            *_OPTIONS,
            *options,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=ends,
    )
    for end in ends:
        os.close(end)
    with os.fdopen(we_write, "wb") as commands, os.fdopen(we_read, "rb") as answers:
        try:
            yield Page(commands, answers)
        finally:
            process.kill()
            process.wait()
