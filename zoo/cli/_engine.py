"""What answers a command: Keras, or ONNX Runtime without it."""

from zoo import backend, exported
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.exported import Exported
from zoo.run import Run, load, open_run


def opened(options, verb: str, gradients: bool = False) -> Run | Exported:
    """The run or ONNX file that was named; Keras is loaded only if it is to answer.

    Args:
        options: of a command with RUN, --backend and --trust.
        verb: its name.
        gradients: whether a run is asked for more than answers, as only Keras has it.
    """
    if exported.is_file(options.run):
        if options.backend:
            raise Mistake(
                f"--backend {options.backend} is for runs; ONNX Runtime answers "
                f"{options.run}"
            )
        return Exported(options.run)
    done = open_run(options.run, trust=options.trust)
    if options.backend or gradients or not done.exported:
        backend.require(verb, startup.load(options.backend))
    if options.backend and not gradients:
        load(done)  # the model that answers then, whatever was exported
    return done
