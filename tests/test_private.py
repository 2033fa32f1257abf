"""Private names of other packages; the name of a test says which one broke."""

import warnings

import keras
import keras_tuner
import numpy as np
import pytest
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

from zoo.engine import active, private
from zoo.errors import Mistake
from zoo.tuning import private as tuner

BACKEND = keras.backend.backend()


@pytest.fixture
def model():
    row = keras.Input((3,))
    normal = keras.layers.BatchNormalization()(keras.layers.Dense(2)(row))
    return keras.Model(row, normal)


def layers(model):
    assert [type(each).__name__ for each in private.layers(model)][-2:] == [
        "Dense",
        "BatchNormalization",
    ]


def value(model):
    assert private.value(model.variables[0]).shape == (3, 2)


def seeds_from_the_first(model):
    first = keras.random.SeedGenerator(0)
    for _ in range(2):
        with private.seeds_from_the_first():
            names = [keras.random.SeedGenerator(0).name for _ in range(2)]
        assert names == ["seed_generator", "seed_generator_1"]
    assert keras.random.SeedGenerator(0).name not in (first.name, *names)


def take_moments(model):
    calls = []

    def moments(x, mask, axes):
        calls.append(list(axes))
        return keras.ops.zeros((2,)), keras.ops.ones((2,))

    private.take_moments(model.layers[-1], moments)
    model(keras.ops.ones((4, 3)), training=True)
    assert calls == [[0]]


def nodes(model):
    calls = list(private.nodes(keras.Function(model.inputs, model.outputs)))
    assert [call.operation for call in calls] == model.layers[1:]
    assert calls[0].arguments.fill_in({id(model.inputs[0]): "x"}) == (("x",), {})
    assert calls[1].outputs == model.outputs


def inside_a_call(model):
    found = []

    class Asking(keras.layers.Layer):
        def call(self, inputs):
            found.append(private.inside_a_call())
            return inputs

    Asking()(keras.ops.ones((2, 3)))
    assert found[-1]
    assert not private.inside_a_call()


class Asking(keras.utils.PyDataset):
    """Is a process asked whether Keras started it to read this?"""

    def __len__(self):
        return 1

    def __getitem__(self, batch):
        return np.array([private.in_worker()]), np.zeros(1)


def in_worker(model):
    assert not private.in_worker()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*fork")  # of JAX
        asked = PyDatasetAdapter(
            Asking(workers=2, use_multiprocessing=True), shuffle=False
        )
        asked.on_epoch_begin()
        [(answer, _)] = asked._get_iterator()
        asked.on_epoch_end()
    assert answer.all()


def halves(model):
    first, rest = private.halves(model, model.layers[1].output)
    row = keras.ops.ones((2, 3))
    whole, joined = model(row), rest(first(row))
    assert keras.ops.convert_to_numpy(joined - whole).tolist() == [[0, 0]] * 2
    first, _ = private.halves(model, model.layers[1].output)  # the model is as before
    assert first.layers == model.layers[:2]


def base_optimizer(model):
    assert issubclass(keras.optimizers.Adam, private.BaseOptimizer)


def without_tensorflow(model):
    with private.without_tensorflow():
        if BACKEND != "tensorflow" and private.tensorflow.module is None:
            assert not private.tensorflow.available


def naming(model):
    assert private.to_snake_case("BatchNormalization") == "batch_normalization"


def global_state(model):
    private.global_state.set_global_attribute("zoo_test", 1)
    assert private.global_state.get_global_attribute("zoo_test") == 1


def variables_of_a_layer(model):
    normal = model.layers[-1]
    named = [v.name for v in private.own_variables(normal)]
    assert named == ["gamma", "beta", "moving_mean", "moving_variance"]
    trained = private.own_variables(normal, trainable=True)
    still = private.own_variables(normal, trainable=False)
    assert [v.name for v in trained + still] == named
    assert private.own_variables(model) == []


def layers_in_a_layer(model):
    wrapped = keras.layers.TimeDistributed(keras.layers.Dense(1))
    assert private.inner_layers(wrapped) == [wrapped.layer]
    assert private.inner_layers(model) == model.layers


def graph(model):
    dense = model.layers[1]
    (output,) = private.outputs(dense)
    assert output.shape == (None, 2)
    assert private.operation(output) is dense


def first_values(model):
    with keras.StatelessScope(initialize_variables=False):
        variable = keras.Variable("zeros", shape=(2,))
    assert private.initializer_of(variable)((2,)).shape == (2,)
    private.give_value(variable, np.ones(2, "float32"))
    assert private.initializer_of(variable) is None
    assert np.asarray(keras.ops.convert_to_numpy(variable)).tolist() == [1.0, 1.0]
    private.global_state.set_global_attribute("uninitialized_variables", [])


def accumulation(model):
    variables, moved = model.trainable_variables, []
    sgd = keras.optimizers.SGD(1.0, use_ema=True, gradient_accumulation_steps=3)
    built(sgd, model)
    private.replace_average(sgd, moved.append)
    for _ in range(2):
        sgd.apply([keras.ops.ones(v.shape) for v in variables], variables)
    assert int(keras.ops.convert_to_numpy(private.gradients_taken(sgd))) == 2
    sums = [float(keras.ops.max(total)) for total in private.accumulated(sgd)]
    assert sums == [2.0] * len(variables)
    assert len(private.averages(sgd)) == len(variables) == len(moved[0])
    assert float(keras.ops.convert_to_numpy(private.rate_of(sgd))) == 1.0


def a_mistake_keeps_its_words(model):
    """Keras looks for the mark that `Mistake` bears, or writes around its text."""

    class Refusing(keras.layers.Layer):
        def call(self, inputs):
            raise Mistake("no")

    with pytest.raises(Mistake) as told:
        Refusing()(np.ones((1, 1)))
    assert str(told.value) == "no"


def pickles(model):
    assert callable(private.unpickle(keras.layers.Dense))


OF_KERAS = [
    layers,
    value,
    nodes,
    inside_a_call,
    in_worker,
    halves,
    take_moments,
    base_optimizer,
    without_tensorflow,
]
OF_KERAS += [naming, global_state, variables_of_a_layer, layers_in_a_layer, graph]
OF_KERAS += [first_values, accumulation, pickles]
OF_KERAS += [a_mistake_keeps_its_words]


@pytest.mark.parametrize(
    "name",
    OF_KERAS,
    ids=lambda each: each.__name__,
)
def test_a_private_name_of_keras_is_there(name, model):
    name(model)


def built(optimizer, model):
    optimizer.build(model.trainable_variables)
    return optimizer


def adam_moments(own, model):
    adam = built(keras.optimizers.Adam(), model)
    means, squares = own.moments(adam, model.trainable_variables)
    assert len(means) == len(squares) == len(model.trainable_variables)
    assert tuple(means[0].shape) == (3, 2)


def update_is_called(own, model):
    changes = built(keras.optimizers.Adam(), model)
    calls = []
    own.replace_update(changes, lambda grads, variables, rate: calls.append(len(grads)))
    variables = model.trainable_variables
    changes.apply([keras.ops.ones(v.shape) for v in variables], variables)
    assert calls == [len(variables)]


def velocities(own, model):
    sgd = built(keras.optimizers.SGD(momentum=0.9), model)
    assert len(own.velocities(sgd, model.trainable_variables)) == 4


def without_call(own, model):
    import torch

    kernel = own.without_call(torch.ops.aten.mm.default)
    assert kernel is not torch.ops.aten.mm.default
    assert kernel(torch.ones(2, 3), torch.ones(3, 1)).tolist() == [[3.0], [3.0]]


def kernels(own, model):
    import torch

    one = [torch.ones(2)]
    own.foreach_add(one, [torch.ones(2)], alpha=2)
    own.foreach_mul_in_place(one, 2)
    assert own.foreach_mul(one, 0.5)[0].tolist() == [3.0, 3.0]
    means, squares = [torch.zeros(2)], [torch.zeros(2)]
    own.fused_adam(
        one, [torch.ones(2)], means, squares, [], [torch.tensor(1e9)],
        lr=torch.tensor(0.5), beta1=0.9, beta2=0.99, eps=0.0, weight_decay=0.0,
        amsgrad=False, maximize=False,
    )  # fmt: skip
    assert one[0].tolist() == pytest.approx([5.5, 5.5])  # 0.5 * 0.1 / sqrt(0.01)


def parameters(own, model):
    assert not list(keras.Sequential([keras.layers.Dense(2)]).parameters())
    private.make_parameters(model)
    assert len(list(model.parameters())) == len(model.variables)


def dispatch(own, model):
    import torch

    seen = []

    class Mode(own.TorchDispatchMode):
        def __torch_dispatch__(self, kernel, types, arguments=(), options=None):
            seen.append(str(kernel))
            return kernel(*arguments, **(options or {}))

    with Mode():
        torch.ones(2, 2) @ torch.ones(2, 2)
    assert "aten.mm.default" in seen
    assert own.tree_map_only(int, str, [1, (2.0, 3)]) == ["1", (2.0, "3")]


def loss_for_distribution(own, model):
    assert float(own.unscale_loss_for_distribution(keras.ops.ones(()))) == 1.0


def collective_keys(own, model):
    own.take_other_keys()


NAMES = {
    "jax": [],
    "tensorflow": [loss_for_distribution, collective_keys],
    "torch": [velocities, without_call, kernels, dispatch, parameters],
}[BACKEND]
if BACKEND != "jax":
    NAMES += [adam_moments, update_is_called]


@pytest.mark.skipif(not NAMES, reason="JAX is used by its public names alone")
@pytest.mark.parametrize("name", NAMES, ids=lambda each: each.__name__)
def test_a_private_name_of_the_backend_is_there(name, model):
    name(active.own("private"), model)


# --- keras-tuner


@pytest.fixture
def oracle(tmp_path):
    class Own(tuner.Hooks, keras_tuner.oracles.BayesianOptimizationOracle):
        def save_trial(self, trial):
            self.saved = trial.trial_id

        def hash_of(self, values):
            self.hashed = values
            return super().hash_of(values)

    hp = keras_tuner.HyperParameters()
    hp.Choice("width", [2, 8])
    objective = keras_tuner.Objective("loss", "min")
    own = Own(objective=objective, hyperparameters=hp, seed=1, max_trials=9)
    own._set_project_dir(tmp_path, "search")
    own.verbose = 0
    return own


def drawing(oracle):
    trial = oracle.create_trial("one")
    assert oracle.saved == trial.trial_id
    assert oracle.hashed == trial.hyperparameters.values
    assert tuner.is_drawn_before(oracle, {"width": trial.hyperparameters["width"]})
    assert len(tuner.tried(oracle)) == 1
    assert tuner.random_values(oracle) == {"width": 10 - trial.hyperparameters["width"]}


def files_of_trials(oracle):
    folder = tuner.oracle_file(oracle).parent
    assert folder.name == "search"
    assert tuner.trial_file(oracle, "3") == folder / "trial_3" / "trial.json"


def queue(oracle):
    trial = oracle.create_trial("one")
    oracle.ongoing_trials.clear()
    tuner.waiting(oracle).append(trial.trial_id)
    assert oracle.create_trial("one").trial_id == trial.trial_id
    assert tuner.waiting(oracle) == []


def process(oracle):
    tuner.draw_from(oracle, [1, 2])
    trial = oracle.create_trial("one")
    oracle.update_trial(trial.trial_id, {"loss": 0.5})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)
    points, scores = oracle.vectors()
    assert len(points) == 1
    assert scores.tolist() == [0.5]


def metrics(oracle):
    tracker = tuner.MetricsTracker()
    tracker.register("loss", "min")
    tracker.update("loss", 0.5, 0)
    assert tracker.get_best_value("loss") == 0.5


def tuner_of_its_own(oracle):
    class Own(tuner.TunerHooks, keras_tuner.Tuner):
        def declare_space(self):
            self.declared = True

        def state_file(self):
            return self.project_dir + "/none"  # which is read if it exists

    folder = str(tuner.oracle_file(oracle).parents[1])
    own = Own(oracle, lambda hp: None, directory=folder, project_name="search")
    assert own.declared


@pytest.mark.once
@pytest.mark.parametrize(
    "name",
    [drawing, files_of_trials, queue, process, metrics, tuner_of_its_own],
    ids=lambda each: each.__name__,
)
def test_a_private_name_of_keras_tuner_is_there(name, oracle):
    name(oracle)
