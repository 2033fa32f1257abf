"""A run answers by HTTP as `zoo.predict` does, and on a page; bad requests are told."""

import base64
import contextlib
import http.client
import io
import json
import random
import shutil
import socket
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import browser
import numpy as np
import pytest
import uvicorn
from PIL import Image, ImageDraw

import zoo
from zoo import backend, cli
from zoo.errors import Mistake
from zoo.prediction import seen
from zoo.serving import _listen, app, engine, inputs, limits, serve, warned

pytestmark = pytest.mark.once
FORM = "application/x-www-form-urlencoded"  # what curl says of data by itself


@contextlib.contextmanager
def running(application):
    """The port of a server in a thread, which ends with the block."""
    listening = _listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(application, log_level="critical", limit_concurrency=100)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="module")
def digits():
    with running(app.make("lenet:mnist")) as port:
        yield port


@pytest.fixture(scope="module")
def masses():
    with running(app.make("mammogram_mlp:masses")) as port:
        yield port


def ask(port, path, body, kind="application/json"):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    status, content = send(port, "POST", path, body, {"content-type": kind})
    return status, json.loads(content)


def send(port, *request):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(line):
        line.request(*request)
        reply = line.getresponse()
        return reply.status, reply.read().decode()


def seven() -> bytes:
    picture = Image.new("L", (200, 200), 255)
    draw = ImageDraw.Draw(picture)
    draw.line([(60, 40), (140, 40), (100, 165)], fill=0, width=16, joint="curve")
    buffer = io.BytesIO()
    picture.save(buffer, "png")
    return buffer.getvalue()


def test_a_picture_is_answered_in_every_form(digits):
    expected = zoo.predict("lenet:mnist", [seven()])[0]
    text = base64.b64encode(seven()).decode()
    pixels = np.asarray(Image.open(io.BytesIO(seven()))).tolist()
    form = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="seven.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + seven() + b"\r\n--x--\r\n"
    )
    asked = [
        (seven(), "image/png"),
        (form, "multipart/form-data; boundary=x"),
        ({"input": text}, "application/json"),
        ({"input": f"data:image/png;base64,{text}"}, "application/json"),
        ({"inputs": [pixels]}, "application/json"),
    ]
    for body, kind in asked:
        status, found = ask(digits, "/predict", body, kind)
        assert status == 200, found
        assert found["predictions"][0]["label"] == expected.label == "7"
        assert found["predictions"][0]["probability"] == pytest.approx(
            expected.probability, abs=1e-6
        )


def test_rows_are_answered_in_every_form(masses):
    rows = [[67, 3, 5, 3], [43, 1, 1, None]]
    names = inputs.columns(zoo.Run(zoo_folder("mammogram_mlp:masses")).about_data)
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    expected = [each.probability for each in zoo.predict("mammogram_mlp:masses", rows)]
    table = ",".join(names) + "\n67,3,5,3\n43,1,1,\n"
    asked = [
        ({"inputs": rows}, "application/json"),
        ({"inputs": objects}, "application/json"),
        (table.encode(), "text/csv"),
    ]
    for body, kind in asked:
        status, found = ask(masses, "/predict", body, kind)
        assert status == 200, found
        shares = [each["probability"] for each in found["predictions"]]
        assert shares == pytest.approx(expected, abs=1e-6)
    fields = "&".join(f"{name}={value}" for name, value in objects[0].items())
    status, found = ask(masses, "/predict", fields.encode(), FORM)
    assert status == 200
    assert found["predictions"][0]["probability"] == pytest.approx(expected[0])


def zoo_folder(name):
    from zoo.building import trained

    return trained.folder(name)


def test_many_at_once_are_answered_each_by_itself(masses):
    rows = [[age, 1 + age % 4, 1 + age % 5, 1 + age % 3] for age in range(20, 84)]
    expected = [each.probability for each in zoo.predict("mammogram_mlp:masses", rows)]
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask, masses, "/predict", {"inputs": [r]}) for r in rows]
        found = [each.result()[1]["predictions"][0]["probability"] for each in asked]
    assert found == pytest.approx(expected, abs=1e-6)
    together = ask(masses, "/predict", {"inputs": rows})[1]["predictions"]
    assert [each["probability"] for each in together] == pytest.approx(expected)


def test_what_a_server_tells_of_itself(masses):
    found = {}
    for path in ("/health", "/card", "/openapi.json", "/"):
        status, found[path] = send(masses, "GET", path)
        assert status == 200
    assert json.loads(found["/health"]) == {"status": "ok"}
    card = json.loads(found["/card"])
    assert card["card"]["name"] == "mammogram_mlp:masses"
    assert card["methods"][:2] == ["shapley", "gradient"]
    assert [each["name"] for each in card["columns"]]
    assert {"/predict", "/explain"} <= json.loads(found["/openapi.json"])[
        "paths"
    ].keys()
    assert "http" not in found["/"].replace("http-equiv", "")  # nothing from elsewhere


@pytest.mark.parametrize(
    ("body", "kind", "status", "told"),
    [
        (b"", "application/json", 400, "the body is empty"),
        (b"{", "application/json", 400, "the body is no JSON"),
        (b"[" * 100_000, "application/json", 400, "the body is no JSON"),
        ({"inptu": 1}, "application/json", 400, "did you mean 'input'?"),
        ({"inputs": []}, "application/json", 400, "give a list of at least one"),
        ({"input": [1, 2]}, "application/json", 400, "give 4: "),
        ({"input": {"aeg": 3}}, "application/json", 400, "unknown column of input 1"),
        ({"input": [[1], 2, 3, 4]}, "application/json", 400, "give a number or a text"),
        ({"input": ["old", 1, 1, 1]}, "application/json", 400, "old"),
        (b'{"input": [NaN, 1, 1, 1]}', "application/json", 400, "no number of JSON"),
        ({"inputs": [[1, 1, 1, 1]] * 101}, "application/json", 400, "at most 100"),
        ("/etc/passwd", "application/json", 400, "the body is"),
        ({"input": "/etc/passwd"}, "application/json", 400, "give an object"),
        (b"/etc/passwd", "text/csv", 400, ""),
        (b"\xff\xfe", "text/csv", 400, "no text in UTF-8"),
        (b"x" * (limits.BYTES + 1), "application/json", 413, "at most 10,485,760"),
        (b"--x\r\n", "multipart/form-data", 400, "the form cannot be read"),
        (b"RIFF=\xff", FORM, 400, "content-type: application/octet-stream"),
        ({"input": {"age": "a="}}, FORM, 400, "content-type: application/json"),
        (b"67,3,5,3", FORM, 400, "was sent as a form and is none"),
    ],
)
def test_what_cannot_be_meant_is_told(masses, body, kind, status, told):
    if isinstance(body, str):
        body = json.dumps(body).encode()
    found, said = ask(masses, "/predict", body, kind)
    assert (found, told in said["error"]) == (status, True), said
    assert "root:" not in json.dumps(said)


def test_what_an_address_asks_for_in_vain_is_told(masses):
    body = json.dumps({"input": [50, 3, 3, 3]}).encode()
    for path, told in (
        ("/predict?confidense=0.9", "'confidense'; did you mean 'confidence'?"),
        ("/predict?back=3", "unknown parameter of /predict 'back'; accepted: confid"),
        ("/explain?methode=shapley", "'methode'; did you mean 'method'?"),
        ("/predict?step=1&value=3", "unknown parameter of /predict 'step'"),
    ):
        status, said = ask(masses, path, body)
        assert (status, told in said["error"]) == (400, True), said
    assert ask(masses, "/predict?seen=1", body)[0] == 200


def test_a_file_or_address_is_never_read_for_a_request(digits):
    for given in ("/etc/passwd", "http://127.0.0.1/x.png", "seven.png"):
        status, said = ask(digits, "/predict", {"input": given})
        assert status == 400
        assert "is no picture" in said["error"]
    status, said = ask(digits, "/predict", b"/etc/hostname", "text/plain")
    assert status == 400


def test_a_slow_request_is_ended(masses, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", masses), timeout=10) as slow:
        slow.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert b" 408 " in slow.recv(1000)


def test_a_thousand_malformed_requests_leave_no_trace(digits):
    # Wrong types, huge, cut off, many at once.
    draw = random.Random(0)
    sound = seven()

    def one(number):
        kind = draw.choice(["application/json", "image/png", "text/csv", "x", ""])
        body = draw.choice(
            [
                draw.randbytes(draw.randrange(2000)),
                sound[: draw.randrange(len(sound))],
                json.dumps({"input": [[number] * draw.randrange(1, 50)] * 40}).encode(),
                b"{" * draw.randrange(3000),
                bytes(200_000),
            ]
        )
        length = len(body) + draw.choice([0, 0, 0, 5])  # 5 never come
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
        head += f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
        line = socket.create_connection(("127.0.0.1", digits), timeout=20)
        with line, contextlib.suppress(ConnectionError, TimeoutError):
            line.sendall(head.encode() + body)
            if length == len(body):
                reply = line.recv(1000)
                return int(reply.split()[1]) if reply else 0
        return 0

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(100)))
        before = _resident()
        statuses = list(pool.map(one, range(1000)))
    assert 500 not in statuses
    assert statuses.count(400) > 300
    assert ask(digits, "/predict", sound, "image/png")[0] == 200
    assert _resident() - before < 50 * 2**20


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.slow
@pytest.mark.skipif(not browser.CHROMIUM, reason="needs Chromium, which draws")
def test_a_seven_drawn_on_the_page_is_read(digits):
    with browser.page() as page:
        page.open(f"http://127.0.0.1:{digits}/")
        page.wait("!!document.getElementById('draw')")
        left, top, side = page.evaluate(
            "(() => { const box = document.getElementById('draw')"
            ".getBoundingClientRect(); return [box.left, box.top, box.width]; })()"
        )
        line = [(0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.5), (0.5, 0.82)]
        page.drag(*((left + x * side, top + y * side) for x, y in line))
        page.wait("document.getElementById('answer').textContent === '7'")
        page.evaluate("document.getElementById('explain').click()")
        page.wait("!!document.querySelector('#explained img')")
        assert page.evaluate("document.getElementById('error').textContent") == ""


@pytest.mark.skipif(not browser.CHROMIUM, reason="needs Chromium, which types")
def test_a_form_made_of_the_columns_is_answered(masses):
    with browser.page() as page:
        page.open(f"http://127.0.0.1:{masses}/", 390, 800)
        page.wait("document.querySelectorAll('#input input, #input select').length > 3")
        page.evaluate(
            "(() => { const field = document.querySelector('#input input');"
            "field.value = 67; field.dispatchEvent(new Event('input')); })()"
        )
        page.wait("document.querySelectorAll('.bar').length === 2")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390  # nothing to scroll sideways on a phone
        one = {"predictions": [{"label": "a", "probabilities": {"a": 1}}]}
        page.evaluate(f"show({json.dumps({**one, 'warnings': ['not used: b']})})")
        assert page.evaluate("at('warned').textContent") == "not used: b"
        page.evaluate(f"show({json.dumps(one)})")
        assert page.evaluate("at('warned').textContent") == ""


def test_each_sender_is_warned_and_nobody_else(recwarn):
    more = b"age,shape,margin,density,weight\n67,3,5,3,9\n"
    told = ["not used: weight; the network learned from age, shape, margin, density"]
    with warned.kept_apart(), running(app.make("mammogram_mlp:masses")) as port:
        for path in ("/predict", "/predict", "/explain"):
            assert ask(port, path, more, "text/csv")[1]["warnings"] == told
            assert "warnings" not in ask(port, path, {"input": [67, 3, 5, 3]})[1]
    assert not recwarn.list


def test_the_playground_is_served_without_a_run():
    with running(app.playground()) as port:
        assert "Neurons to look at" in send(port, "GET", "/")[1]


def test_what_cannot_be_served_is_told(capsys):
    with pytest.raises(Mistake, match="port=70000; accepted: 1 to 65535"):
        serve("perceptron:iris", port=70000)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Mistake, match=f"cannot listen on 127.0.0.1, port {port}: "):
            serve("perceptron:iris", port=port)
    with pytest.raises(Mistake, match="did you mean 'perceptron:iris'"):
        serve("perceptron:irsi")
    assert cli.call(["serve"]) == 2
    assert "give a RUN to serve" in capsys.readouterr().err


def test_a_run_is_served_by_the_engine_that_answers_sooner(tmp_path, monkeypatch):
    # Its answers are those of Keras, and nothing is left on the disk.
    own = shutil.copytree(zoo_folder("lenet:mnist"), tmp_path / "own")
    run, drawn = zoo.Run(own), seen("lenet:mnist", [seven()])
    took = iter([1.0, 0.5, 0.5, 1.0, 1.0])
    monkeypatch.setattr(engine, "_seconds", lambda answer, one: next(took))
    name, answer, _ = engine.quickest(run, drawn)
    assert name == "onnxruntime"
    expected = run.forward(drawn, 1)
    np.testing.assert_allclose(answer(drawn), expected, rtol=1e-4, atol=1e-4)
    run = zoo.Run(run.folder)
    assert engine.quickest(run, drawn)[0] == backend.current()  # Keras was quicker
    assert engine.quickest(run, drawn)[0] == backend.current()  # it was opened
    assert not list(Path(tempfile.gettempdir()).glob("zoo-serve-*"))
