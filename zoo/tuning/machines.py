"""One search on many processes: keras-tuner's chief draws trials, its workers run them.

The service is keras-tuner's own. Values and results travel in it as JSON, because its
own messages have no room for the reason of a failure and round every number to 32 bits.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer
from keras_tuner.src.engine.hyperparameters import HyperParameters
from keras_tuner.src.engine.trial import Trial, TrialStatus

from zoo.core.processes import environment
from zoo.core.processors import processors
from zoo.errors import Mistake
from zoo.tuning.search import check_same, to_json
from zoo.tuning.tuner import RENEWED, Tuner

_PAYLOAD = "zoo"
_PARENT, _DEADLINE = "ZOO_TUNE_PARENT", "ZOO_TUNE_DEADLINE"
_PATIENCE = 600.0  # seconds for which a worker waits for its chief
_TICK = 0.1
_OPTIONS = [
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.so_reuseport", 0),
]


def lead(tuner: Tuner, workers: int, lease: float) -> None:
    """Be the chief until the search ends.

    Args:
        tuner: of this search.
        workers: to start on this machine; 0 waits for those that others start, at the
            address in KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT.
        lease: seconds after which the trial of a silent worker goes to another.

    Raises:
        Mistake: the address cannot be used, or all the workers have died.
    """
    address = "127.0.0.1:0"
    if not workers:
        ip, port = (os.environ[f"KERASTUNER_ORACLE_{name}"] for name in ("IP", "PORT"))
        address, tuner.oracle.lease = f"{ip}:{port}", lease
    tuner.reopen()
    tuner.record()
    service = _Service(tuner)
    server = grpc.server(ThreadPoolExecutor(8), options=_OPTIONS)
    protos.get_service_grpc().add_OracleServicer_to_server(service, server)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise Mistake(f"the chief cannot listen at {address}: {error}") from error
    server.start()
    try:
        with tuner.progress, _started(tuner, workers, port) as processes:
            _watch(tuner, service, processes, lease)
            _tell(tuner)
    finally:
        server.stop(grace=1).wait()


def _watch(tuner, service, processes, lease):
    told, patient = None, time.monotonic()
    while not service.is_over() or service.untold():
        for name, process in list(processes.items()):
            if process.poll() is not None:
                del processes[name]
                service.leave(name)
                tuner.oracle.take_back(name)
                if not processes and not service.is_over():
                    raise Mistake(
                        f"every worker has ended, the last with status "
                        f"{process.returncode}; `zoo tune {tuner.folder} --resume` "
                        "goes on with the trials that are left"
                    )
        if told != (ended := len(tuner.oracle.end_order)):
            told = ended
            _tell(tuner)
        if not service.is_over():
            patient = time.monotonic()
        elif time.monotonic() - patient > lease:
            return  # who has not asked by now is gone
        time.sleep(_TICK)


def _tell(tuner):
    tuner.record()
    tuner.progress.show(tuner.rows())


@contextlib.contextmanager
def _started(tuner, workers, port) -> Iterator[dict[str, subprocess.Popen]]:
    """Workers on this machine, by name."""
    threads = max(1, processors() // max(1, workers))
    shared = {
        "OMP_NUM_THREADS": str(threads),  # more would wait for each other
        **environment(),
        "KERAS_BACKEND": tuner.settings.backend,
        "KERASTUNER_ORACLE_IP": "127.0.0.1",
        "KERASTUNER_ORACLE_PORT": str(port),
        _PARENT: str(os.getpid()),
    }
    if tuner.deadline is not None:
        shared[_DEADLINE] = str(tuner.deadline)
    command = [sys.executable, "-m", "zoo", "tune", str(tuner.folder), "--resume"]
    processes = {
        name: subprocess.Popen(command, env={**shared, "KERASTUNER_TUNER_ID": name})
        for name in (f"worker{number + 1}" for number in range(workers))
    }
    every = list(processes.values())
    try:
        yield processes
        for process in every:
            process.wait(timeout=10)
    finally:
        for process in every:
            process.kill()
            process.wait()


class Worker(Tuner):
    """A tuner that asks a chief for its trials and tells it the results.

    On TensorFlow, whose graphs of loops are never freed, the process starts anew after
    `RENEWED` trials.
    """

    def __init__(self, *arguments, lease: float = 60.0, **options):
        super().__init__(*arguments, **options)
        self.oracle = _Client()
        self.lease = lease
        if deadline := os.environ.get(_DEADLINE):
            self.deadline = float(deadline)

    def search(self) -> None:
        over = threading.Event()
        pulse = threading.Thread(target=self._beat, args=(over,), daemon=True)
        pulse.start()
        try:
            then = "type the same command on every machine"
            what = f"the search of the chief at {self.oracle.address}"
            check_same(self.oracle.settings(), self.settings, what, then)
            super().search()
        finally:
            over.set()
            pulse.join()

    def _beat(self, over):
        parent = os.environ.get(_PARENT)
        while not over.wait(min(1.0, self.lease / 4)):
            if parent and os.getppid() != int(parent):
                os._exit(1)
            for trial_id in list(self.oracle.running):
                with contextlib.suppress(grpc.RpcError, Mistake):
                    self.oracle.get_trial(trial_id)

    def _rest(self):
        due = self.trained >= RENEWED and not self.oracle.running
        if due and self.settings.backend == "tensorflow":
            if self.deadline is not None:
                os.environ[_DEADLINE] = str(self.deadline)
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

    def rows(self):
        return []

    def record(self):
        """The chief does it."""


class _Service(OracleServicer):
    """What the chief answers."""

    def __init__(self, tuner: Tuner):
        super().__init__(tuner.oracle)
        self.tuner = tuner
        self.here: set[str] = set()

    def is_over(self) -> bool:
        oracle = self.oracle
        done = len(oracle.end_order) >= oracle.max_trials or self.stop_triggered
        return self.tuner._is_over() or (done and not oracle.ongoing_trials)

    def untold(self) -> bool:
        """Whether a worker has still to be told that the search is over."""
        return bool(self.here)

    def leave(self, name: str) -> None:
        self.here.discard(name)

    def GetSpace(self, request, context):
        """The settings, in place of the space that follows from them."""
        space = _packed("", None, to_json(self.tuner.settings)).hyperparameters
        answer = protos.get_service().GetSpaceResponse
        return answer(hyperparameters=space.to_proto())

    def CreateTrial(self, request, context):
        name = request.tuner_id.rpartition(".")[0]
        self.here.add(name)
        if self.tuner._is_over():
            drawn = Trial(HyperParameters(), status=TrialStatus.STOPPED)
        else:
            drawn = self.oracle.create_trial(request.tuner_id)
        if drawn.status == TrialStatus.STOPPED:
            self.stop_triggered = True
            self.leave(name)
        content = {
            "values": drawn.hyperparameters.values,
            "alone": self.oracle.alone(drawn.trial_id),
        }
        answer = _packed(drawn.trial_id, drawn.status, content)
        return protos.get_service().CreateTrialResponse(trial=answer.to_proto())

    def EndTrial(self, request, context):
        told = Trial.from_proto(request.trial)
        content = json.loads(told.hyperparameters.values[_PAYLOAD])
        own = self.oracle.trials[told.trial_id]
        if content["metrics"]:
            self.oracle.update_trial(told.trial_id, content["metrics"])
        ended = Trial(
            own.hyperparameters, told.trial_id, told.status, content["message"]
        )
        self.oracle.end_trial(ended)
        return protos.get_service().EndTrialResponse()

    def UpdateTrial(self, request, context):
        """Training begins; the step is 1 where it is that of several in a program."""
        self.oracle.begin([request.trial_id], joint=bool(request.step))
        answer = _packed(request.trial_id, TrialStatus.RUNNING, {})
        return protos.get_service().UpdateTrialResponse(trial=answer.to_proto())

    def GetTrial(self, request, context):
        found = self.oracle.get_trial(request.trial_id)
        answer = _packed(found.trial_id, found.status, {})
        return protos.get_service().GetTrialResponse(trial=answer.to_proto())


class _Client:
    """The chief's oracle as a worker sees it; it waits for a chief that restarts."""

    again = 0

    def __init__(self):
        ip, port = (os.environ[f"KERASTUNER_ORACLE_{name}"] for name in ("IP", "PORT"))
        self.address = f"{ip}:{port}"
        channel = grpc.insecure_channel(self.address, options=_OPTIONS)
        self.stub = protos.get_service_grpc().OracleStub(channel)
        self.running: dict[str, dict] = {}
        self.solitary: set[str] = set()

    def settings(self) -> dict:
        """The settings of the chief's search."""
        request = protos.get_service().GetSpaceRequest()
        space = self._call("GetSpace", request).hyperparameters
        return json.loads(HyperParameters.from_proto(space).values[_PAYLOAD])

    def create_trial(self, tuner_id):
        request = protos.get_service().CreateTrialRequest(tuner_id=tuner_id)
        drawn = Trial.from_proto(self._call("CreateTrial", request).trial)
        content = json.loads(drawn.hyperparameters.values.pop(_PAYLOAD))
        drawn.hyperparameters.values = content["values"]
        if content["alone"]:
            self.solitary.add(drawn.trial_id)
        if drawn.status == TrialStatus.RUNNING:
            self.running[drawn.trial_id] = {}
        return drawn

    def get_trial(self, trial_id):
        request = protos.get_service().GetTrialRequest(trial_id=trial_id)
        return Trial.from_proto(self._call("GetTrial", request).trial)

    def begin(self, trial_ids, joint=False):
        request = protos.get_service().UpdateTrialRequest
        for trial_id in trial_ids:
            self._call("UpdateTrial", request(trial_id=trial_id, step=int(joint)))

    def alone(self, trial_id):
        return trial_id in self.solitary

    def update_trial(self, trial_id, metrics, step=0):
        self.running[trial_id] = metrics

    def end_trial(self, ended):
        content = {
            "metrics": self.running.pop(ended.trial_id),
            "message": ended.message,
        }
        packed = _packed(ended.trial_id, ended.status, content)
        request = protos.get_service().EndTrialRequest(trial=packed.to_proto())
        self._call("EndTrial", request)

    def saved_once(self):
        return contextlib.nullcontext()

    def _call(self, name, request):
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                call = getattr(self.stub, name)
                left = max(0.0, end - time.monotonic())
                return call(request, wait_for_ready=True, timeout=left)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise Mistake(
                        f"the chief at {self.address} does not answer {name}: "
                        f"{error.details()}"
                    ) from error
                time.sleep(_TICK)


def _packed(trial_id, status, content) -> Trial:
    """A trial for the wire: without its space, whose order the wire would change."""
    packed = HyperParameters()
    packed.values = {_PAYLOAD: json.dumps(content)}
    return Trial(packed, trial_id, status)
