"""The paths of a server: the page, /predict, /explain, /card, /health."""

import asyncio
import contextvars
import importlib.metadata
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.formparsers import MultiPartException, MultiPartParser

from zoo import answering, data, explanation, prediction
from zoo.building import trained
from zoo.core import files, png
from zoo.data.kinds.endings import Ending
from zoo.errors import Mistake, unknown
from zoo.exported import Exported
from zoo.run import Run
from zoo.serving import engine, inputs, limits, warned
from zoo.serving.batches import Batches

# What an address may ask for; the page asks both for its confidence.
ASKED = {
    "/predict": ("confidence", "seen"),
    "/explain": ("confidence", "method", "of"),
}
MOVED = ("step", "value")  # of series, see `changed`
HERE = Path(__file__).parent
# A way to another thread and back takes 0.1 ms, and 20 ms where processors are busy:
# one input of a small network is answered by the thread that reads the requests.
SHORT = 2e-3  # seconds
LARGEST = float(np.finfo("float32").max)
SMALL = 2**13  # bytes of a picture; a drawing has 5,000
# Nothing is loaded from elsewhere, and no other page may show this one inside itself.
HEADERS = {
    "content-security-policy": "default-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src blob:; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}


def make(run: Run | Exported | str | Path, *, trust: bool = False) -> FastAPI:
    """An application that answers for a run.

    Args:
        run, trust: as `zoo.predict` takes them.

    Raises:
        Mistake: there is no such run, or it goes on with texts.
    """
    source, dataset = answering.opened(run, trust)
    if dataset.unit:
        raise Mistake("texts that go on are not served; `zoo write RUN` writes them")
    nothing = dataset.train.inputs
    one = np.zeros((1, *nothing.shape[1:]), nothing.dtype)
    name, forward, seconds = engine.quickest(source, one)
    quick = seconds < SHORT
    thread = ThreadPoolExecutor(1)
    batches = Batches(forward, thread)
    about = _about(source, dataset, name)
    title = f"zoo: {about['model']} on {about['data']}"
    app = _application(title, HERE / "page.html")
    app.add_exception_handler(Mistake, _refused)
    app.add_exception_handler(limits.Refused, _refused)

    @app.get("/card")
    async def card() -> dict:
        return about

    async def predict(request: Request) -> Response:
        heard = warned.heard()
        raw = await _raw(dataset, request)
        bounds = _bounds(source, dataset, request.query_params.get("confidence"))
        decode = partial(data.decode, dataset, raw)
        if small := all(map(_is_small, raw)):
            decoded = decode()
        else:
            decoded = await asyncio.to_thread(decode)
        names = data.named(dataset, raw, decoded)
        alone = quick and small and len(decoded) == 1
        outputs = forward(decoded) if alone else await batches.ask(decoded)
        found = prediction.interpreted(source, dataset, raw, names, outputs, bounds)
        answer: dict[str, Any] = {"predictions": [each.to_json() for each in found]}
        if request.query_params.get("seen") and dataset.kind == "image":
            answer["seen"] = [png.uri(picture) for picture in decoded]
        if request.query_params.get("seen") and dataset.timeline:
            # JSON knows no NaN, and JavaScript sorts names that are numbers.
            answer["seen"] = [
                [[when, v if v == v else None] for when, v in each.history.items()]
                for each in found
            ]
        return _answer(answer, heard)

    async def explain(request: Request) -> Response:
        heard = warned.heard()
        asked = {key: request.query_params.get(key) for key in ("method", "of")}
        raw = await _raw(dataset, request)
        ask = partial(explanation.explain, source, raw, **asked)
        here = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(thread, here.run, ask)
        shown = [{**each.to_json(), "html": each._repr_html_()} for each in found]
        return _answer({"explanations": shown}, heard)

    for answers in (explain, predict):
        app.router.add_api_route(
            f"/{answers.__name__}",
            answers,
            methods=["POST"],
            openapi_extra=_REQUEST,
            route_class_override=_Direct,
        )
        # What is asked most is looked for first.
        app.router.routes.insert(0, app.router.routes.pop())
    return app


def _answer(found: dict[str, Any], heard: list[str]) -> Response:
    """What was found, and what the sender is to be warned of."""
    return JSONResponse({**found, "warnings": heard} if heard else found)


class _Direct(APIRoute):
    """A path whose function takes the request itself.

    FastAPI would look for a body and parameters first, which takes as long as half of
    LeNet's answer.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


def playground() -> FastAPI:
    """An application that serves the page of neurons alone."""
    return _application("zoo: neurons to look at", _neurons())


def _application(title: str, page_file: Path) -> FastAPI:
    """What both have: a page, and a sign of life."""
    version = importlib.metadata.version("zoo")
    # The pages of documentation that FastAPI offers load scripts from elsewhere.
    app = FastAPI(title=title, version=version, docs_url=None, redoc_url=None)

    @app.get("/", response_class=HTMLResponse)
    async def page() -> Response:
        return HTMLResponse(page_file.read_text("utf-8"), headers=HEADERS)

    @app.get("/health")
    async def health() -> dict:
        return {"status": "ok"}

    return app


def _neurons() -> Path:
    """The page of neurons, in a checkout or as it was installed."""
    places = (HERE.parents[1] / "docs" / "playground.html", HERE / "playground.html")
    return next(place for place in places if place.is_file())


def _about(source: Run | Exported, dataset: data.Dataset, name: str) -> dict:
    """What the page, and whoever asks, must know of the network."""
    folder = source.folder if isinstance(source, Run) else None
    has_card = folder is not None and (folder / trained.CARD).is_file()
    run = isinstance(source, Run)
    line = dataset.timeline
    return {
        "model": source.recipe.model if run else source.path.name,
        "data": files.without_folders(dataset.name),
        "kind": dataset.kind,
        "task": dataset.task,
        "answers": list(dataset.answers),
        "input_shape": list(dataset.input_shape),
        "ink": dataset.ink,
        "columns": [
            {"name": each.name, "kind": each.kind, "categories": list(each.categories)}
            for each in dataset.columns
        ]
        or [{"name": name, "kind": "number"} for name in dataset.features],
        "engine": name,
        "methods": _methods(source, dataset),
        "confident": run and "conformal" in source.metrics and dataset.task != "labels",
        "time": line.clock.name if line else "",
        "window": line.window if line else 0,
        "rate": dataset.rate,
        "card": trained.card(folder) if has_card else None,
    }


def _methods(source: Run | Exported, dataset: data.Dataset) -> list[str]:
    """Those of `zoo.explain` that fit, the usual one first."""
    if source.quantiles:  # which are several answers
        return []
    found = explanation.fitting(dataset, isinstance(source, Exported))
    first = explanation.usual(found)
    return [first, *(name for name in found if name != first)]


async def _raw(dataset: data.Dataset, request: Request) -> list:
    """The raw inputs of a request; of series, their endings.

    Raises:
        Mistake: the address asks for what has no effect, or what was sent cannot be
            meant.
    """
    accepted = ASKED[request.url.path] + MOVED * bool(dataset.timeline)
    for name in request.query_params:
        if name not in accepted:
            raise unknown(f"parameter of {request.url.path}", name, accepted)
    raw = await _sent(dataset, request)
    if not dataset.timeline:
        return raw
    found = await asyncio.to_thread(data.items, dataset, raw)
    step, value = (request.query_params.get(name) for name in ("step", "value"))
    if step is None and value is None:
        return found
    return [changed(each, str(step), str(value)) for each in found]


def changed(ending: Ending, step: str, value: str) -> Ending:
    """A series in which one value of the window is another: what if?

    Args:
        ending: as it was given.
        step: of the window, from 0, the oldest.
        value: a number.

    Raises:
        Mistake: there is no such step, or the value is no finite number.
    """
    count = len(ending.values)
    try:
        place, number = int(step), float(value)
    except ValueError as error:
        raise Mistake(
            f"step={step[:20]}&value={value[:20]}; give a whole number and a number"
        ) from error
    if not 0 <= place < count or not abs(number) < LARGEST:
        raise Mistake(
            f"step={place}&value={number:g}; accepted: a step of the window, 0 to "
            f"{count - 1}, and a finite number"
        )
    inputs, values = ending.inputs.copy(), ending.values.copy()
    inputs[place, 0] = values[place] = number
    return replace(ending, inputs=inputs, values=values)


def _bounds(source, dataset: data.Dataset, asked: str | None) -> dict[str, float]:
    if asked is None:
        return {}
    try:
        confidence = float(asked)
    except ValueError as error:
        raise Mistake(f"confidence={asked[:20]} is no number; such as 0.9") from error
    return prediction.bounds_of(source, dataset, confidence)


async def _sent(dataset: data.Dataset, request: Request) -> list:
    """The raw inputs of a request, whose form its content type says."""
    content = await limits.body(request)
    if not content:
        raise Mistake(f"the body is empty; give {inputs.FORM}, a form or a file")
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said == "multipart/form-data":
        return inputs.of_form(dataset, await _parts(request, content))
    if said == "application/x-www-form-urlencoded":
        return inputs.of_form(dataset, _fields(content))
    if (
        said.startswith(("image/", "audio/", "text/"))
        or said == "application/octet-stream"
    ):
        return inputs.of_bytes(dataset, content)
    return inputs.of_json(dataset, content)


def _fields(content: bytes) -> list[tuple[str, str]]:
    """Names and values of a form; JSON and files are none, whatever curl says."""
    try:
        if b"=" not in content or content.lstrip()[:1] in (b"{", b"["):
            raise ValueError("it has no name=value")
        return parse_qsl(content.decode(), True, max_num_fields=1000)
    except ValueError as error:
        raise Mistake(
            f"the body was sent as a form and is none: {error}; say what it is, with "
            "the header content-type: application/json, or of a file content-type: "
            "application/octet-stream"
        ) from error


async def _parts(request: Request, content: bytes) -> list[tuple[str, Any]]:
    async def stream():
        yield content

    parser = MultiPartParser(
        request.headers,
        stream(),
        max_files=inputs.MOST,
        max_fields=1000,
        max_part_size=limits.BYTES,
    )
    parser.spool_max_size = limits.BYTES  # a file stays in memory
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        reason = getattr(error, "message", str(error))
        raise Mistake(f"the form cannot be read: {reason}") from error
    fields = [
        (name, value if isinstance(value, str) else await value.read())
        for name, value in form.multi_items()
    ]
    await form.close()
    return fields


def _is_small(item: Any) -> bool:
    """Whether it is read in a moment, in which nobody else is answered."""
    return not isinstance(item, bytes) or len(item) <= SMALL


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, limits.Refused) else 400
    return JSONResponse({"error": str(error)}, status, HEADERS)


_JSON = {
    "type": "object",
    "properties": {
        "input": {
            "description": "a picture or a sound in base64, a text, a row, a series, "
            "or a sequence"
        },
        "inputs": {"type": "array", "maxItems": inputs.MOST},
    },
    "maxProperties": 1,
    "minProperties": 1,
}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_REQUEST = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _JSON},
            "multipart/form-data": {"schema": {"type": "object"}},
            "image/*": _FILE,
            "audio/*": _FILE,
            "text/plain": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}
