"""What an example of each class counts in the loss."""

import numpy as np

from zoo.data import Dataset
from zoo.errors import Mistake, unknown


def of(given: str | dict, dataset: Dataset) -> np.ndarray | None:
    """The weight of each class.

    Args:
        given: "" for none; "balanced" for the examples divided by the number of classes
            and by those of the class, as in scikit-learn, so that all classes count
            alike; or weights by the name of the class, others have 1.
        dataset: whose training split is counted.

    Returns:
        float64 (classes,); None if there are none.

    Raises:
        Mistake: an unknown class, or the data do not have one class for each example.
    """
    if given == "":
        return None
    if dataset.task != "classes":
        raise Mistake(
            f"class_weight is for one class an example; {dataset.name} has the task "
            f"{dataset.task}: remove it"
        )
    if given == "balanced":
        counts = np.bincount(dataset.train.targets, minlength=len(dataset.classes))
        total, there = counts.sum(), np.count_nonzero(counts)
        return total / (there * np.maximum(counts, 1))
    for name in given:
        if name not in dataset.classes:
            raise unknown("class in class_weight", name, dataset.classes)
    return np.array([float(given.get(name, 1)) for name in dataset.classes])
