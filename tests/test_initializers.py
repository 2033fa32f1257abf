"""Initial weights: a function of the seed and of where a weight is, no more."""

import keras
import numpy as np
import pytest

import zoo
from zoo.building import initial_weights, model_files, weight_files
from zoo.building.initial_weights import draw
from zoo.engine import steps
from zoo.errors import Mistake


def generator(seed=0):
    return np.random.Generator(np.random.Philox(seed))


def arrays(model):
    return {w.path: keras.ops.convert_to_numpy(w.value).copy() for w in model.weights}


def model_file(tmp_path, body, name="net.py"):
    """A user's model whose `build` has this body; `x` is its input of 6 numbers."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    text = f"""\"\"\"A model.\"\"\"
import keras
import numpy as np
from keras import layers

class Own(layers.Layer):
    def __init__(self, initializer, **options):
        super().__init__(**options)
        self.initializer = initializer

    def build(self, shape):
        self.first = self.add_weight(shape=(6, 6), initializer=self.initializer)
        self.second = self.add_weight(shape=(6, 6), initializer=self.initializer)

    def call(self, x):
        return x @ self.first @ self.second

def build():
    x = keras.Input((6,), name="x")
{lines}
    return keras.Model(x, y, name="net")
"""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return str(path)


# --- Distributions


SHAPES = [(400, 300), (5, 5, 8, 60), (3, 3, 200, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "name",
    [
        "glorot_uniform",
        "glorot_normal",
        "he_uniform",
        "he_normal",
        "lecun_uniform",
        "lecun_normal",
        "random_normal",
        "random_uniform",
        "truncated_normal",
    ],
)
def test_draws_have_keras_distribution(name, shape):
    """On PyTorch a few of Keras's truncated draws lie outside: maxima say little."""
    keras.utils.set_random_seed(0)
    initializer = keras.initializers.get(name)
    mine = draw(initializer, shape, generator())
    theirs = keras.ops.convert_to_numpy(initializer(shape))
    spread, error = theirs.std(), 1 / np.sqrt(theirs.size)
    assert mine.shape == shape
    assert abs(mine.mean()) < 5 * spread * error
    assert abs(mine.std() / spread - 1) < 10 * error
    quantiles = [0.5, 0.9, 0.99]
    sizes = np.quantile(np.abs(mine), quantiles) / np.quantile(abs(theirs), quantiles)
    assert np.abs(sizes - 1).max() < 10 * error
    if name != "random_normal":
        assert np.abs(mine).max() < 2.4 * spread


def test_untruncated_draws_and_gains():
    kinds = keras.initializers
    wide = kinds.VarianceScaling(2.0, "fan_out", "untruncated_normal")
    values = draw(wide, (100, 400), generator())
    assert abs(values.std() - np.sqrt(2 / 400)) < 0.001
    assert np.abs(values).max() > 3 * values.std()
    shifted = draw(kinds.RandomNormal(mean=3.0, stddev=0.1), (100, 100), generator())
    assert abs(shifted.mean() - 3) < 0.01


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (3, 3, 4, 20)])
def test_orthogonal(shape):
    values = draw(keras.initializers.Orthogonal(gain=2.0), shape, generator())
    flat = values.reshape(-1, shape[-1]) / 2
    product = flat @ flat.T if flat.shape[0] < flat.shape[1] else flat.T @ flat
    assert np.abs(product - np.eye(len(product))).max() < 1e-12


KERNEL = [0.1319857, 0.3147222, 0.2861933, 0.8140556, -0.7077582, 0.8696483]


def test_weights_of_one_seed_never_change():
    """Changing them changes every result that was ever published: not by accident."""
    model = zoo.build("deep_mlp", input_shape=(3,), hidden=(2,), classes=1, seed=4)
    kernel = arrays(model)["hidden_1/kernel"]
    assert kernel.reshape(-1).tolist() == pytest.approx(KERNEL, abs=1e-7)


# --- Where a weight is


def test_every_random_weight_of_a_model_differs():
    model = zoo.build("lstm_sentiment", vocabulary_size=30, units=(8, 8), length=5)
    random = [a for a in arrays(model).values() if len(np.unique(a)) > 2]
    assert len(random) == 6
    firsts = [array.reshape(-1)[0] for array in random]
    assert len(set(firsts)) == len(firsts)


def test_biases_and_normalizations_are_left_as_keras_has_them():
    model = zoo.build("deep_mlp", hidden=(8,), batch_normalization="before")
    found = arrays(model)
    constant = {
        "bias": 0,
        "beta": 0,
        "gamma": 1,
        "moving_mean": 0,
        "moving_variance": 1,
    }
    checked = 0
    for path, array in found.items():
        value = constant.get(path.rpartition("/")[2])
        if value is not None:
            assert (array == value).all(), path
            checked += 1
    assert checked == 6
    lstm = arrays(zoo.build("lstm_sentiment", vocabulary_size=9, units=(3,)))
    bias = lstm["lstm_1/lstm_cell/bias"]
    assert bias.tolist() == [0] * 3 + [1] * 3 + [0] * 6, "the forget gate starts open"


@pytest.mark.slow
def test_depthwise_kernels_are_drawn():
    model = zoo.build("efficientnet_transfer", weights=None, input_shape=(32, 32, 3))
    layers = model.get_layer("backbone").layers
    depthwise = [la for la in layers if isinstance(la, keras.layers.DepthwiseConv2D)]
    assert len(depthwise) == 16
    kernel = depthwise[0].kernel
    path = f"backbone/{depthwise[0].name}/kernel"
    key = initial_weights.key(0, path)
    expected = draw(
        depthwise[0].depthwise_initializer,
        tuple(kernel.shape),
        np.random.Generator(np.random.Philox(key=key)),
    )
    assert np.array_equal(
        keras.ops.convert_to_numpy(kernel.value), expected.astype("float32")
    )


def test_construction_order_does_not_matter(tmp_path):
    """Two branches, built in either order, and layers made in vain before."""
    one = """
a = layers.Dense(4, name="a")(x)
b = layers.Dense(4, name="b")(x)
y = layers.Add(name="y")([a, b])
"""
    other = """
layers.Dense(3).build((None, 6))
b = layers.Dense(4, name="b")(x)
a = layers.Dense(4, name="a")(x)
y = layers.Add(name="y")([a, b])
"""
    first = arrays(zoo.build(model_file(tmp_path, one, "one.py"), seed=3))
    second = arrays(zoo.build(model_file(tmp_path, other, "other.py"), seed=3))
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[path], second[path]) for path in first)
    assert not np.array_equal(first["a/kernel"], first["b/kernel"])


def test_layers_that_keras_names_count_from_the_first_in_the_model(tmp_path):
    path = model_file(tmp_path, "y = layers.Dense(3)(layers.Dense(4)(x))")
    first = list(arrays(zoo.build(path)).values())
    keras.layers.Dense(7).build((None, 2))
    second = list(arrays(zoo.build(path)).values())
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.once
def test_both_directions_are_drawn_and_stored_alike_in_every_build(tmp_path):
    file = tmp_path / "both.py"
    file.write_text(
        "import keras\n"
        "def build():\n"
        "    both = keras.layers.Bidirectional(keras.layers.GRU(2))\n"
        "    return keras.Sequential([keras.Input((3, 2)), both])\n"
    )
    first, second = zoo.build(str(file)), zoo.build(str(file))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    weight_files.save(second, tmp_path / "w.safetensors")
    weight_files.load(first, tmp_path / "w.safetensors")


def test_any_name_of_a_layer_compiles_on_every_backend(tmp_path):
    """TensorFlow takes few letters, and gives each weight the name that it had."""
    body = 'y = layers.Dense(3, name="_the end: 寿司")(layers.Dense(2, name="a b")(x))'
    model = zoo.build(model_file(tmp_path, body))
    answers = steps.compile_forward(model)(np.ones((2, 6), "float32"))
    assert answers.shape == (2, 3)
    weight_files.save(model, tmp_path / "w.safetensors")
    names = weight_files.shapes(tmp_path / "w.safetensors")
    assert {name.split("/")[0] for name in names} == {"a b", "_the end: 寿司"}
    model_files.save(model, tmp_path / "m.keras")
    again = model_files.load_strictly(tmp_path / "m.keras", (6,))
    steps.compile_forward(again)(np.ones((2, 6), "float32"))


def test_a_layer_of_ones_own(tmp_path):
    """Its weights have no attribute that names their initializers, and no names."""
    path = model_file(tmp_path, 'y = Own("glorot_uniform", name="own")(x)')
    first, second = arrays(zoo.build(path, seed=1)).values()
    again = list(arrays(zoo.build(path, seed=1)).values())
    assert np.array_equal(first, again[0])
    assert np.array_equal(second, again[1])
    assert not np.array_equal(first, second)
    other, _ = arrays(zoo.build(path, seed=2)).values()
    assert not np.array_equal(first, other)
    assert first.std() == pytest.approx(np.sqrt(2 / 12), rel=0.3)


def test_an_initializer_that_repeats_itself_is_kept(tmp_path):
    body = """
def steps(shape, dtype=None):
    return keras.ops.reshape(keras.ops.arange(36, dtype="float32"), shape)
y = Own(steps, name="own")(x)
"""
    first, second = arrays(zoo.build(model_file(tmp_path, body))).values()
    assert first.reshape(-1).tolist() == second.reshape(-1).tolist() == [*range(36)]


def test_an_initializer_that_backends_draw_differently_is_refused(tmp_path):
    body = """
def noise(shape, dtype=None):
    return keras.ops.convert_to_tensor(np.random.normal(size=shape), dtype)
y = Own(noise, name="mine")(x)
"""
    with pytest.raises(
        Mistake,
        match=r"weight mine/variable_1 has the initializer .*noise.*, whose draws "
        r"differ between backends; accepted: Keras's own initializers",
    ):
        zoo.build(model_file(tmp_path, body))


def test_pretrained_weights_are_kept(tmp_path):
    body = """
dense = layers.Dense(2, name="dense")
y = dense(x)
dense.set_weights([np.full((6, 2), 7.0), np.full(2, 8.0)])
dense.pretrained = True
"""
    kernel, bias = arrays(zoo.build(model_file(tmp_path, body))).values()
    assert (kernel == 7).all()
    assert (bias == 8).all()


def test_dropout_layers_get_streams_of_their_own():
    model = zoo.build("deep_mlp", hidden=(4, 4), dropout=0.5, seed=1)
    seeds = [model.get_layer(f"dropout_{n}").seed for n in (1, 2)]
    again = zoo.build("deep_mlp", hidden=(4, 4), dropout=0.1, seed=1)
    assert seeds == [again.get_layer(f"dropout_{n}").seed for n in (1, 2)]
    assert len(set(seeds)) == 2
    other = zoo.build("deep_mlp", hidden=(4, 4), dropout=0.5, seed=2)
    assert other.get_layer("dropout_1").seed not in seeds
