"""What `fuzz` damages: the files of each kind, and how zoo reads them."""

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path

from zoo import recipe as recipes
from zoo.core import files
from zoo.errors import Mistake


def pictures(folder: Path) -> list[tuple[bytes, Callable]]:
    """Pictures of five formats, gray and in color."""
    import numpy as np
    from PIL import Image

    from zoo.data.kinds.pictures import decode

    shades = np.add.outer(np.arange(40), np.arange(50)).astype("uint8")
    image = Image.fromarray(np.dstack([shades, 2 * shades, 255 - shades]))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    cases = []
    for name, options in {
        "PNG": {"exif": exif, "icc_profile": b"a profile" * 20},
        "JPEG": {"exif": exif, "icc_profile": b"a profile" * 20},
        "GIF": {"save_all": True, "append_images": [image.rotate(9)] * 3},
        "BMP": {},
        "TIFF": {"compression": "tiff_lzw"},
        "WEBP": {},
    }.items():
        for channels in (1, 3):
            file = io.BytesIO()
            image.convert("L" if channels == 1 else "RGB").save(file, name, **options)
            shape = (28, 28, channels)
            cases.append((file.getvalue(), lambda data, s=shape: decode([data], s)))
    plain = io.BytesIO()
    Image.fromarray(shades[:28, :28]).save(plain, "PNG")
    cases.append((plain.getvalue(), lambda data: decode([data], (28, 28, 1))))
    return cases


def tables(folder: Path) -> list[tuple[bytes, Callable]]:
    """CSV files with a header, without one, and single lines."""
    from zoo.data.kinds.tables import decode

    path = folder / "rows.csv"

    def read(data, missing=True):
        path.write_bytes(data)
        return decode([path], ("age", "shape", "margin"), missing)

    head = b"margin,age,name,shape\n"
    rows = b'1,2.5,"a, ""b""",4\n?,61,,2\nNaN,-3e2,x,0\n'
    return [
        (head + rows, read),
        (b"1,2,3\n4,5,6\n", lambda data: read(data, False)),
        (
            b"5.1,1.4,0.2",
            lambda data: decode([data.decode("latin-1")], ("a", "b", "c"), False),
        ),
    ]


def texts(folder: Path) -> list[tuple[bytes, Callable]]:
    """Sentences with entities, tags and letters of many scripts."""
    from zoo.data.kinds.texts import Vocabulary

    words = ("good", "not", "not good", "film", "!")
    vocabulary = Vocabulary(words, 12, "ends", 2)
    sentence = "<b>Not good</b>, a film &amp; caf\u00e9 \u0939\u093f\u0928 don't!" * 3
    read = [
        lambda data: vocabulary.encode([data.decode("utf-8", "replace")]),
        lambda data: vocabulary.encode([data.decode("latin-1")]),
    ]
    return [(sentence.encode(), each) for each in read]


def states(folder: Path) -> list[tuple[bytes, Callable]]:
    """Training states, whose checksum does not fit, or was made to fit."""
    import numpy as np

    from zoo.training import states

    def read(data):
        for path in folder.glob("state-*"):
            path.unlink()
        (folder / name).write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = states.newest(folder)
        return states.read(found)[1] if found else None

    arrays = [np.arange(12.0).reshape(3, 4), np.int32(3)]
    path = states.save(folder, arrays, {"epoch": 3, "history": [{"loss": 0.5}]})
    name = path.name
    return [(path.read_bytes(), read)]


def make_run(folder: Path) -> None:
    """A small run on points, with two epochs of training behind it."""
    from zoo.recipe import Recipe
    from zoo.training import train

    recipe = Recipe(
        "deep_mlp", "moons", {"hidden": (4,)}, epochs=2, data_arguments={"samples": 80}
    )
    recipe = Recipe(**{**vars(recipe), "batch": 16})
    train(recipe, run=folder, quiet=True)


def run(folder: Path) -> list[tuple[bytes, Callable]]:
    """Every file of a run that opening reads; each as it is, and with fitting sums."""
    from zoo.core import seal
    from zoo.run import open_run

    place = folder / "run"
    make_run(place)
    sound = {path.name: path.read_bytes() for path in place.iterdir()}
    names = [n for n in sound if not n.startswith("state-") and n != "model.keras"]

    def opened(name, fits):
        def read(data):
            for file, content in sound.items():
                if (place / file).read_bytes() != content:
                    (place / file).write_bytes(content)
            (place / name).write_bytes(data)
            if fits:
                _make_fit(place, name)
                seal.write(place)
            done = open_run(place)
            metrics, history, backend = done.metrics, done.history, done.backend
            weights = [each.tolist() for each in done.model.get_weights()]
            return done.recipe, metrics, history, backend, weights

        read.exact = not fits
        return read

    return [
        (sound[name], opened(name, fits))
        for name in names
        for fits in (False, True)
        if name != seal.NAME or not fits
    ]


def _make_fit(place: Path, name: str) -> None:
    """Say in the environment that the recipe is the one that was trained."""
    if name != "recipe.json":
        return
    with contextlib.suppress(Mistake):
        known = files.read_json(place / "environment.json", 2**20)
        known[recipes.FINGERPRINT] = recipes.fingerprint(place)
        files.write_json(place / "environment.json", known)


def graph(folder: Path) -> list[tuple[bytes, Callable]]:
    """The `.keras` file of a run, its archive and each of its members."""
    import zipfile

    from zoo.building.model_files import load_strictly

    place = folder / "run"
    make_run(place)
    path = place / "model.keras"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def whole(data):
        path.write_bytes(data)
        return [each.tolist() for each in load_strictly(path, (2,)).get_weights()]

    def inside(name):
        def read(data):
            with zipfile.ZipFile(path, "w") as archive:
                for each, content in {**members, name: data}.items():
                    archive.writestr(each, content)
            return [each.tolist() for each in load_strictly(path, (2,)).get_weights()]

        return read

    inner = [(members[name], inside(name)) for name in members]
    return [(path.read_bytes(), whole), *inner]


def onnx(folder: Path) -> list[tuple[bytes, Callable]]:
    """FILE.onnx by its bytes and by its graph, and the `model.onnx` of a run."""
    import numpy as np

    from zoo.core import seal, sessions
    from zoo.exported import Exported
    from zoo.exporting import export
    from zoo.run import Run

    sessions.LONGEST, sessions.GRACE = 2.0, 0.5
    place, rows = folder / "run", np.linspace(-1, 1, 14, dtype="float32").reshape(7, 2)
    make_run(place)
    made = export(Run(place))
    sound = made.read_bytes()
    beside = place / "model.onnx.json"
    about = files.read_json(beside, 2**20)

    def answers(file):
        return file.answers(rows).tolist(), file.temperature, file.dataset.classes

    def alone(data):
        path = folder / "x.onnx"
        path.write_bytes(data)
        return answers(Exported(path))

    def in_run(data):
        made.write_bytes(data)
        files.write_json(beside, about | {"file": seal.checksum(made)})
        file = Run(place).exported
        if file is None:
            raise Mistake("it is not used")
        return answers(file)

    def changed(data):
        return alone(data)

    changed.damage = _other_graph
    return [(sound, alone), (sound, changed), (sound, changed), (sound, in_run)]


def _other_graph(data: bytes, chance) -> bytes:
    """An ONNX file whose graph has one to three changes: operators, names, numbers."""
    import numpy as np
    from onnx import ModelProto, helper, numpy_helper

    from zoo.core.operators import ACCEPTED

    model = ModelProto.FromString(data)
    graph, huge = model.graph, (0, 1, -1, 2**20, 2**31, 2**40, -(2**63), 2**63 - 1)
    for _ in range(chance.randint(1, 3)):
        node = chance.choice(graph.node)
        names = [name for each in graph.node for name in (*each.input, *each.output)]
        names += [each.name for each in graph.initializer]
        match chance.randrange(8):
            case 0:
                node.op_type = chance.choice(sorted(ACCEPTED))
            case 1 if node.input:
                node.input[chance.randrange(len(node.input))] = chance.choice(names)
            case 2:
                node.input.append(chance.choice(names))
            case 3:
                field = chance.choice(("axis", "axes", "perm", "kernel_shape", "to"))
                value = [chance.choice(huge) for _ in range(chance.randint(1, 4))]
                many = field in ("axes", "perm", "kernel_shape")
                made = helper.make_attribute(field, value if many else value[0])
                node.attribute.append(made)
            case 4:  # a number that a shape may be made of
                new = f"new{chance.randrange(10**6)}"
                value = [chance.choice(huge) for _ in range(chance.randint(1, 4))]
                array = numpy_helper.from_array(np.array(value), new)
                graph.initializer.append(array)
                node.input.append(new)
            case 5 if graph.initializer:
                dims = chance.choice(graph.initializer).dims
                dims.append(chance.choice(huge))
            case 6:  # one more operator, behind another
                kind, new = chance.choice(sorted(ACCEPTED)), f"y{chance.random()}"
                more = helper.make_node(kind, [chance.choice(names)], [new])
                place = chance.randrange(len(graph.node) + 1)
                graph.node.insert(place, more)
                node.input[:1] = [new]
            case 7:
                graph.node.remove(node) if len(graph.node) > 1 else None
    return model.SerializeToString()


KINDS = {
    each.__name__: each for each in (pictures, tables, texts, states, run, graph, onnx)
}
