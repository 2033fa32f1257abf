"""What tests of interrupted runs share: a small recipe, and a plug-in of fixtures."""

import pytest

import zoo

RECIPE = zoo.Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (8,), "dropout": 0.2},
    data="moons",
    batch=90,  # eight steps an epoch, all of one program
    epochs=6,
    learning_rate=0.01,
    schedule="cosine",
)


@pytest.fixture
def saving_always(monkeypatch):
    """Every epoch is saved, however fast it was, and every step is a chunk."""
    from zoo.training import session  # with Keras: when the tests have begun

    monkeypatch.setattr(session, "SAVE_SECONDS", 0)
    monkeypatch.setattr(session, "CHUNK_SECONDS", 0)


@pytest.fixture(scope="module")
def quiet_run(tmp_path_factory):
    """A run of `RECIPE` that nothing interrupted."""
    folder = tmp_path_factory.mktemp("quiet")
    return zoo.train(RECIPE, run=folder, keep_states=True, quiet=True)


def resumed(folder):
    return zoo.train(RECIPE, run=folder, resume=True, keep_states=True, quiet=True)


def last_state(run):
    from zoo.training import states

    return states.read(states.newest(run.folder))


def same(run, other):
    """Whether two runs ended with the same bits, and have the same history."""
    (arrays, _), (others, _) = last_state(run), last_state(other)
    bits = [array.tobytes() for array in arrays]
    return bits == [array.tobytes() for array in others] and [
        {**line, "seconds": 0, "waiting": 0} for line in run.history
    ] == [{**line, "seconds": 0, "waiting": 0} for line in other.history]
