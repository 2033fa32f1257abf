"""The order of examples, and the feed of training that follows it."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import zoo
from zoo import data
from zoo.data import Split, cache, order
from zoo.data.dataset import Rows
from zoo.training import losses, train
from zoo.training.feed import Feed

pytestmark = pytest.mark.once
seeds = st.integers(0, 2**31 - 1)

# --- Order


@given(st.integers(0, 300), seeds, st.integers(0, 1000))
def test_order_is_a_permutation_and_a_pure_function(count, seed, epoch):
    found = order(count, seed, epoch)
    assert sorted(found.tolist()) == list(range(count))
    np.random.default_rng(seed).random(7)
    assert np.array_equal(found, order(count, seed, epoch))


def test_order_differs_between_seeds_and_epochs():
    orders = [tuple(order(50, s, e)) for s in range(20) for e in range(20)]
    assert len(set(orders)) == 400


def test_every_position_is_equally_likely():
    places = np.array([order(10, 3, epoch) for epoch in range(5000)])
    for place in range(10):
        counts = np.bincount(places[:, place], minlength=10)
        assert np.abs(counts - 500).max() < 5 * np.sqrt(500 * 0.9)


ORDER = [4, 2, 0, 6, 1, 5, 7, 3]


def test_order_never_changes():
    """Changing it changes every result that was ever published: not by accident."""
    assert order(8, 1, 2).tolist() == ORDER


def test_batches_do_not_depend_on_other_iterators():
    dataset = data.load("moons", samples=100)

    def batches():
        return dataset.batches("train", batch=7, seed=1, epoch=2)

    alone = [inputs for inputs, _ in batches()]
    other = batches()
    next(other)
    together = []
    for inputs, _ in batches():
        together.append(inputs)
        next(other, None)
    for a, b in zip(alone, together, strict=True):
        assert np.array_equal(a, b)


# --- The feed of training


def feed(batch=4, operations=None, count=31, seed=5, hold=False):
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 1), "uint8")
    split = Split(images, np.arange(count, dtype="int32") % 3)
    operations = operations or {}
    encode, _ = losses.make("crossentropy", 3, soft="mixup" in operations)
    return Feed(split, batch, seed, encode, operations, hold=hold)


def batches(chunks):
    return [
        (chunk.inputs[i], chunk.targets[i])
        for chunk in chunks
        for i in range(chunk.count)
    ]


@settings(max_examples=30)
@given(
    st.integers(1, 9),
    st.integers(0, 3),
    st.integers(0, 100),
    st.lists(st.integers(1, 9), min_size=1),
    st.sampled_from([{}, {"shift": 0.3, "random_erasing": 0.5}, {"mixup": 0.4}]),
)
def test_the_feed_goes_on_anywhere_in_chunks_of_any_length(
    batch, epoch, first, lengths, operations
):
    whole = batches(feed(batch, operations).chunks(epoch))
    assert len(whole) == -(-31 // batch)
    assert sum(len(inputs) for inputs, _ in whole) == 31
    first %= len(whole)
    some = feed(batch, operations)
    chunks = some.chunks(epoch, first)
    rest = []
    for length in itertools.cycle(lengths):
        some.length = length
        chunk = next(chunks, None)
        if chunk is None:
            break
        rest += batches([chunk])
    assert len(rest) == len(whole) - first
    for (inputs, targets), expected in zip(rest, whole[first:], strict=True):
        assert np.array_equal(inputs, expected[0])
        assert np.array_equal(targets, expected[1])


@pytest.mark.parametrize("length", [1, 5, 100])
def test_positions_in_what_the_device_holds_choose_the_same_examples(length):
    plain, held = feed(), feed(hold=True)
    held.length = length
    inputs, targets = held.on_device
    chosen = [(inputs[x], targets[y]) for x, y in batches(held.chunks(1))]
    for found, expected in zip(chosen, batches(plain.chunks(1)), strict=True):
        assert np.array_equal(found[0], expected[0])
        assert np.array_equal(found[1], expected[1])


def test_the_device_holds_what_is_small_in_memory_and_not_augmented(
    tmp_path, monkeypatch
):
    encode, _ = losses.make("crossentropy", 3)
    targets = np.zeros(8, "int32")
    small = np.zeros((8, 2), "float32")
    np.save(tmp_path / "inputs.npy", small)
    on_disk = np.load(tmp_path / "inputs.npy", mmap_mode="r")
    assert feed(hold=True).on_device
    assert feed(hold=True, operations={"shift": 0.3}).on_device is None
    for inputs in (on_disk, Rows(on_disk, np.arange(8))):
        split = Split(inputs, targets)
        assert Feed(split, 2, 0, encode, {}, hold=True).on_device is None
    monkeypatch.setattr("zoo.training.feed._HELD_BYTES", small.nbytes - 1)
    assert Feed(Split(small, targets), 2, 0, encode, {}, hold=True).on_device is None


@pytest.mark.parametrize("capacity", [1, 5])
def test_the_feed_gathers_rows_into_aligned_memory(capacity):
    plain = feed(count=23)
    plain.capacity = plain.length = capacity
    apart = plain.split.inputs[:, ::-1].copy()[:, ::-1]  # NumPy would copy all of it
    plain.split = Split(apart, plain.split.targets)
    index = order(23, 5, 2)
    for chunk in plain.chunks(2):
        assert chunk.inputs.ctypes.data % 64 == 0
        for inputs in chunk.inputs[: chunk.count]:
            rows, index = np.split(index, [len(inputs)])
            assert np.array_equal(inputs, plain.split.inputs[rows])
    assert not len(index)


def test_the_first_chunk_of_the_next_epoch_is_the_same_when_made_ahead():
    ahead = feed(operations={"shift": 0.3})
    for epoch in range(3):
        expected = batches(feed(operations={"shift": 0.3}).chunks(epoch))
        found = batches(ahead.chunks(epoch, more=True))
        for (inputs, targets), (x, y) in zip(found, expected, strict=True):
            assert np.array_equal(inputs, x)
            assert np.array_equal(targets, y)


class LatePool:
    """An executor whose only thread comes to a task when its result is asked for."""

    def submit(self, task, *arguments):
        return SimpleNamespace(result=lambda: task(*arguments))


def test_how_long_a_chunk_is_does_not_depend_on_when_a_thread_makes_it():
    """Processes that train together take equally many steps at a time."""

    def counts(late):
        some = feed(batch=2)
        if late:
            some._maker = LatePool()
        for number, chunk in enumerate(some.chunks(0)):
            some.length = number + 2
            yield chunk.count

    expected = [1, 1, 1, 1, 2, 3, 4, 2, 1]
    assert list(counts(late=True)) == list(counts(late=False)) == expected


class Watched:
    """An array that knows how many of its rows were read and are not yet used up."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.held = self.most = 0

    def __getitem__(self, positions):
        self.held += len(positions)
        self.most = max(self.most, self.held)
        return self.array[positions]


def test_the_feed_holds_four_chunks_however_many_examples_there_are():
    """The one that is trained on, and those that are made meanwhile."""
    watched = Watched(np.zeros((40_000, 32, 32, 3), "uint8"))
    targets = np.zeros(40_000, "int32")
    encode, _ = losses.make("crossentropy", 3)
    long = Feed(Split(watched, targets), 64, 0, encode, {})
    watched.held = 0  # one example was read to learn its shape
    long.length = 10**6
    sizes = []
    for epoch in range(2):
        for chunk in long.chunks(epoch, more=epoch == 0):
            if sizes:
                watched.held -= sizes[-1]
            sizes.append(chunk.count * chunk.rows)
            assert chunk.inputs.nbytes <= 16 * 2**20
    assert sum(sizes) == 80_000
    assert watched.most <= 4 * max(sizes)
    assert max(sizes) < 40_000 / 3


def test_a_set_on_disk_is_trained_on_as_one_in_memory(tmp_path, monkeypatch):
    generator, pictures = np.random.default_rng(0), tmp_path / "pictures"
    for name in ("cat", "dog"):
        (pictures / name).mkdir(parents=True)
        for i in range(20):
            pixels = generator.integers(0, 256, (12, 12, 3), "uint8")
            Image.fromarray(pixels).save(pictures / name / f"{i}.png")

    def load():
        return data.load("folder", path=str(pictures), size=8, validation=0.25)

    def fed(dataset):
        encode, _ = losses.make("crossentropy", 2)
        some = Feed(dataset.train, 7, 3, encode, {"shift": 0.3})
        return [pair for epoch in range(2) for pair in batches(some.chunks(epoch))]

    memory = load()
    monkeypatch.setattr(cache, "LARGE", 0)
    disk = load()
    for split in ("train", "validation", "test"):
        assert isinstance(memory.split(split).inputs, np.ndarray)
        assert isinstance(disk.split(split).inputs, Rows)
        assert isinstance(disk.split(split).inputs.array, np.memmap)
    for (inputs, targets), (x, y) in zip(fed(disk), fed(memory), strict=True):
        assert np.array_equal(inputs, x)
        assert np.array_equal(targets, y)
    recipe = zoo.Recipe(
        model="lenet",
        data="folder",
        data_arguments={"path": str(pictures), "size": 32, "channels": 1},
        validation=0.25,
        batch=8,
        epochs=1,
    )
    lines = []
    for large in (0, 2**30):
        monkeypatch.setattr(cache, "LARGE", large)
        run = train(recipe, run=tmp_path / f"run{large}", quiet=True)
        lines.append({**run.history[0], "seconds": 0, "waiting": 0})
    assert lines[0] == lines[1]


def test_the_feed_has_every_example_once_in_the_order_of_the_epoch():
    fed = np.concatenate([inputs for inputs, _ in batches(feed().chunks(3))])
    split = feed().split
    assert np.array_equal(fed, split.inputs[order(31, 5, 3)])
