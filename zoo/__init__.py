"""Reference neural networks for Keras 3 on JAX, TensorFlow and PyTorch.

The public names below are imported on first use, so that `import zoo` loads neither
Keras nor a framework and the backend can still be chosen.
"""

import importlib

from zoo.core.beginning import die_at_once

die_at_once()  # of Ctrl-C, if this is the command `zoo`
del die_at_once

__version__ = "0.2.0"

TYPE_CHECKING = False  # as in `typing`, whose import would take as long as all of this
if TYPE_CHECKING:  # what an editor and a type checker see
    from zoo import augment, backend, data, layers
    from zoo.building.registry import card, find, names
    from zoo.building.trained import build
    from zoo.cli import main
    from zoo.distribution import distribute
    from zoo.evaluation import evaluate
    from zoo.evaluation.cross_validation import cross_validate
    from zoo.explanation import Explanation, explain
    from zoo.exporting import export
    from zoo.prediction import predict
    from zoo.publishing import publish
    from zoo.recipe import Expected, Recipe
    from zoo.reporting import report
    from zoo.reporting.comparison import compare
    from zoo.reporting.listing import runs
    from zoo.run import Run, load
    from zoo.serving import serve
    from zoo.training import train
    from zoo.training.ensembles import ensemble
    from zoo.tuning import Search, hypermodel, tune
    from zoo.verification import verify
    from zoo.writing import write

_HOMES = {
    "build": "building.trained",
    "card": "building.registry",
    "find": "building.registry",
    "names": "building.registry",
    "Recipe": "recipe",
    "Expected": "recipe",
    "train": "training",
    "ensemble": "training.ensembles",
    "Run": "run",
    "load": "run",
    "evaluate": "evaluation",
    "cross_validate": "evaluation.cross_validation",
    "predict": "prediction",
    "explain": "explanation",
    "Explanation": "explanation",
    "tune": "tuning",
    "hypermodel": "tuning",
    "Search": "tuning",
    "report": "reporting",
    "compare": "reporting.comparison",
    "runs": "reporting.listing",
    "serve": "serving",
    "export": "exporting",
    "publish": "publishing",
    "verify": "verification",
    "write": "writing",
    "distribute": "distribution",
    "main": "cli",
}
_SUBMODULES = ("augment", "backend", "data", "layers")
_ON_KERAS = (
    "training",
    "training.ensembles",
    "tuning",
    "verification",
    "layers",
    "evaluation.cross_validation",
)

__all__ = [
    "Expected",
    "Explanation",
    "Recipe",
    "Run",
    "Search",
    "__version__",
    "augment",
    "backend",
    "build",
    "card",
    "compare",
    "cross_validate",
    "data",
    "distribute",
    "ensemble",
    "evaluate",
    "explain",
    "export",
    "find",
    "hypermodel",
    "layers",
    "load",
    "main",
    "names",
    "predict",
    "publish",
    "report",
    "runs",
    "serve",
    "train",
    "tune",
    "verify",
    "write",
]


if not TYPE_CHECKING:  # with it, a type checker would accept misspelled names

    def __getattr__(name: str):
        home = name if name in _SUBMODULES else _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module 'zoo' has no attribute '{name}'", name=name)
        if home in _ON_KERAS:
            importlib.import_module("zoo.engine.startup").import_keras()
        module = importlib.import_module(f"zoo.{home}")
        found = module if name in _SUBMODULES else getattr(module, name)
        globals()[name] = found  # whoever asks in a loop is not led here again
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
