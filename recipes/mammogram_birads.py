"""A small MLP on UCI's mammographic masses, with the physician's BI-RADS assessment.

    zoo train mammogram_birads
    zoo train mammogram_birads data.file=mammographic_masses.data  # offline

For teaching, never for diagnosis: see the model's card, `zoo card mammogram_mlp`. The
network leans on a judgment that a physician has passed already; compare `mammogram`.

The claim is the mean accuracy of five repeats of stratified 10-fold cross-validation,
as there. All methods level off near 84 % and an area under the ROC curve of 0.906; the
rule "malignant from BI-RADS 5 on" alone reaches 82.8 %.

Measured (tools/tables.py writes these lines from the ledger):
    JAX        84.02% ± 0.18 (5), 0.42 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.387 (0.350 to 0.425)
        accuracy          0.840 (0.816 to 0.865)
        auc               0.905 (0.884 to 0.926)
        sensitivity       0.824 (0.787 to 0.862)
        specificity       0.855 (0.822 to 0.888)
        brier             0.118 (0.104 to 0.133)
        calibration error 0.025 (0.024 to 0.056)
    TensorFlow 84.02% ± 0.18 (5), 0.16 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.387 (0.350 to 0.425)
        accuracy          0.840 (0.816 to 0.865)
        auc               0.905 (0.884 to 0.926)
        sensitivity       0.824 (0.787 to 0.862)
        specificity       0.855 (0.822 to 0.888)
        brier             0.118 (0.104 to 0.133)
        calibration error 0.025 (0.024 to 0.056)
    PyTorch    84.02% ± 0.18 (5), 0.15 minutes, cpu, 2 cores
        means, and 95 % intervals over the examples:
        loss              0.387 (0.350 to 0.425)
        accuracy          0.840 (0.816 to 0.865)
        auc               0.905 (0.884 to 0.926)
        sensitivity       0.824 (0.787 to 0.862)
        specificity       0.855 (0.822 to 0.888)
        brier             0.118 (0.104 to 0.133)
        calibration error 0.025 (0.024 to 0.056)
    without a network 82.67%, logistic regression
"""

import zoo

recipe = zoo.Recipe(
    model="mammogram_mlp",
    model_arguments={"hidden": (16,), "encoding": "one_hot", "l2": 0.01},
    data="mammographic_masses",
    data_arguments={
        "features": ("bi_rads", "age", "shape", "margin", "density"),
        "complete": True,
    },
    validation=0.0,
    batch=32,
    epochs=40,
    optimizer="adam",
    learning_rate=3e-3,
    schedule="cosine",
    expects=zoo.Expected("accuracy", 0.836, folds=10),
)

if __name__ == "__main__":
    zoo.main(__file__)
