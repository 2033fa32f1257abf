"""A small MLP on UCI's mammographic masses, with the physician's BI-RADS assessment.

    zoo train mammogram_birads
    zoo train mammogram_birads data.file=mammographic_masses.data    without a network

For teaching, never for diagnosis: see the model's card, `zoo card mammogram_mlp`. The
network leans on a judgment that a physician has passed already; compare `mammogram`.

The claim is the mean accuracy of five repeats of stratified 10-fold cross-validation,
as there. All methods level off near 84 % and an area under the ROC curve of 0.906; the
rule "malignant from BI-RADS 5 on" alone reaches 82.8 %.
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
