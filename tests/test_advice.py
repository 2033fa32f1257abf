"""Advice names what the curves show, with its evidence."""

import numpy as np
import pytest

from zoo.reporting.advice import advise

pytestmark = pytest.mark.once


def history(loss, validation_loss, accuracy=0.95, validation_accuracy=0.95):
    return [
        {
            "loss": a,
            "validation_loss": b,
            "accuracy": accuracy,
            "validation_accuracy": validation_accuracy,
            "seconds": 1.0,
            "waiting": 0.01,
        }
        for a, b in zip(loss, validation_loss, strict=True)
    ]


EPOCHS = np.arange(1, 21)
FALLING = 1 / EPOCHS
FLAT = 0.3 + 0.7 * np.exp(-EPOCHS)


@pytest.mark.parametrize(
    ("curves", "word", "evidence"),
    [
        (history(FALLING**2, FALLING + EPOCHS / 20), "Overfitting", "epoch 4"),
        (history(FLAT / 3, FLAT, 0.99, 0.9), "Overfitting", "99.0% and 90.0%"),
        (history(FALLING, FALLING), "Still improving", "0.0625 to 0.05"),
        (history(FLAT, FLAT, 0.6, 0.61), "Underfitting", "60.0%"),
        (history(FLAT, FLAT), "No need to regularize", "95.0%"),
        (
            history(np.where(EPOCHS == 9, 0.9, FALLING), FLAT),
            "Learning rate too high",
            "0.125 to 0.9 in epoch 9",
        ),
    ],
)
def test_advice_names_the_cause_and_its_evidence(curves, word, evidence):
    advice = advise(curves)
    assert advice[0].startswith(word)
    assert evidence in advice[0]


def test_waiting_for_data_is_told_even_without_validation():
    def waited(seconds):
        return advise(
            [{"loss": 1.0, "accuracy": 0.5, "seconds": 10.0, "waiting": seconds}]
        )

    assert waited(3.0) == [
        "Waiting for data: 30% of the training time; a smaller picture size, less "
        "augmentation or more cores help."
    ]
    assert waited(0.9) == []
