"""What an example of each class, or one that has a label, counts in the loss."""

import numpy as np

from zoo.core.kept import called
from zoo.data import Dataset
from zoo.errors import Mistake, unknown


def of(given: str | dict, dataset: Dataset) -> np.ndarray | None:
    """The weight of each class, or of each label where an example has it.

    Args:
        given: "" for none; "balanced" for the examples divided by the number of classes
            and by those of the class, as in scikit-learn, so that all classes count
            alike, or, of a label, the examples that do not have it divided by those
            that do; or weights by the name of the class or label, others have 1.
        dataset: whose training split is counted.

    Returns:
        float64 (classes,); None if there are none.

    Raises:
        Mistake: an unknown class, every weight is 0, or the data have numbers, tokens
            or strings to be answered.
    """
    if given == "":
        return None
    name = called(dataset.name)
    if dataset.task == "numbers":
        raise Mistake(
            f"class_weight is for classes and labels; {name} has numbers to be "
            "answered: remove it"
        )
    if dataset.task == "tokens":
        raise Mistake(
            f"class_weight is for classes and labels; {name} is a text: remove it"
        )
    if dataset.task == "strings":
        raise Mistake(
            f"class_weight is for classes and labels; {name} has strings to be "
            "read: remove it"
        )
    if given == "balanced" and dataset.task == "labels":
        having = dataset.train.targets.sum(axis=0, dtype="float64")
        without = len(dataset.train) - having
        return np.maximum(without, 1) / np.maximum(having, 1)
    if given == "balanced":
        counts = np.bincount(dataset.train.targets, minlength=len(dataset.classes))
        total, there = counts.sum(), np.count_nonzero(counts)
        return total / (there * np.maximum(counts, 1))
    for each in given:
        if each not in dataset.classes:
            raise unknown("class in class_weight", each, dataset.classes)
    found = np.array([float(given.get(name, 1)) for name in dataset.classes])
    if not found.any():
        raise Mistake("class_weight of 0 for every class trains nothing; give one more")
    return found
