"""A process and its devices: threads, forks, signals, the end."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import planar
from planar import _device


def run(code, **more):
    environment = {**os.environ, **more.pop("env", {})}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120, **more)
    assert done.returncode == 0, done.stderr
    return done


class Pressed:
    """Ctrl-C, some seconds after it was asked for."""

    def __init__(self, seconds):
        self.at = None
        threading.Timer(seconds, self._press).start()

    def _press(self):
        self.at = time.perf_counter()
        signal.raise_signal(signal.SIGINT) if sys.platform == "win32" else os.kill(os.getpid(), signal.SIGINT)

    def took(self):
        return time.perf_counter() - self.at


@pytest.fixture
def pressed_keys_arrive():
    """A job that a shell has put into the background begins with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("pressed_keys_arrive")
@pytest.mark.parametrize("device", ["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
def test_ctrl_c_stops_within_a_fifth_of_a_second_and_keeps_what_is_trained(device, flower):
    model = planar.PlanarClassifier(200, max_iter=10**6, device=device)
    planar.PlanarClassifier(200, max_iter=1, device=device).fit(*flower)  # the device is open
    took = []
    while len(took) < 3 and min(took, default=1.0) >= 0.2:  # something else may compute too
        pressed = Pressed(1.0)
        with pytest.warns(UserWarning, match="interrupted by user"):
            model.fit(*flower)
        took.append(pressed.took())
    assert min(took) < 0.2, took
    assert model.status_ == "interrupted" and 0 < model.n_iter_ < 10**6 and model.score(*flower) > 0.6


@pytest.mark.usefixtures("pressed_keys_arrive")
@pytest.mark.parametrize("device", ["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
@pytest.mark.parametrize(
    "work",
    [
        lambda X, y, device: planar.compare(X, y, planar.PlanarClassifier(100), right=device, iterations=10**6),
        lambda X, y, device: planar.diagnose(X, y, planar.PlanarClassifier(100, device=device, max_iter=10**6)),
    ],
    ids=["compare", "diagnose"],
)
def test_ctrl_c_breaks_a_comparison_and_a_diagnosis_off(work, device, flower):
    planar.PlanarClassifier(100, max_iter=1, device=device).fit(*flower)  # the device is open
    took = []
    while len(took) < 3 and min(took, default=1.0) >= 0.2:
        pressed = Pressed(1.0)
        with pytest.raises(KeyboardInterrupt):
            work(*flower, device)
        took.append(pressed.took())
    assert min(took) < 0.2, took
    assert planar.PlanarClassifier(max_iter=5, device=device).fit(*flower).status_ == "finished"


def test_the_end_of_a_process_waits_for_what_was_broken_off():
    code = (
        "import atexit, time\n"
        "def used():\n"
        "    begun = time.process_time()\n    time.sleep(0.3)\n    print(time.process_time() - begun)\n"
        "atexit.register(used)\n"  # comes after planar's end, which is registered after it
        "import numpy as np, os, planar, signal, threading\n"
        "X = np.random.RandomState(0).standard_normal((40000, 100))\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "try: planar.compare(X, X[:, 0] > 0, planar.MLPClassifier((200, 100)), iterations=1000)\n"
        "except KeyboardInterrupt: used()"
    )
    done = run(code)
    before, behind = map(float, done.stdout.split())
    assert before > 0.02 > behind and done.stderr == ""  # what is broken off ends with its step, which takes a while


@pytest.fixture
def slow_lbfgs(monkeypatch):
    """L-BFGS whose evaluations take a while: it is done with the flower before a key is pressed."""
    objective = planar._planar.Objective

    class Slow:
        def __init__(self, *arguments):
            self._objective = objective(*arguments)

        def __call__(self, weights):
            time.sleep(0.02)
            return self._objective(weights)

        def __getattr__(self, name):
            return getattr(self._objective, name)

    monkeypatch.setattr("planar._mlp._planar.Objective", Slow)
    return planar.MLPClassifier(
        20, "tanh", solver="lbfgs", max_iter=10**5, max_fun=10**5, tol=0, random_state=0, device="cpu"
    )


@pytest.mark.usefixtures("pressed_keys_arrive")
def test_ctrl_c_keeps_what_lbfgs_has_found(flower, slow_lbfgs):
    model = slow_lbfgs
    pressed = Pressed(1.0)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(*flower)
    assert pressed.took() < 0.5 and model.status_ == "interrupted" and 1 < model.n_iter_ < len(model.loss_curve_)
    assert model.loss_ < model.loss_curve_[0] and model.score(*flower) > 0.6
    predicted = model.predict_proba(flower[0])[np.arange(400), flower[1]]
    assert -np.log(predicted).mean() == pytest.approx(model.loss_, abs=1e-3)


@pytest.mark.usefixtures("pressed_keys_arrive")
@pytest.mark.filterwarnings("ignore:Training interrupted")
def test_ctrl_c_ends_a_sweep_or_a_search_and_not_only_the_network_that_trains_alone(flower, slow_lbfgs):
    grid = {"alpha": [0.0] * 3}
    for work in (
        lambda: planar.sweep(*flower, grid, estimator=slow_lbfgs),
        lambda: planar.SweepSearchCV(slow_lbfgs, grid, cv=2).fit(*flower),
    ):
        pressed = Pressed(0.5)
        with pytest.raises(KeyboardInterrupt):
            work()
        assert pressed.took() < 0.5


@pytest.mark.usefixtures("pressed_keys_arrive")
def test_ctrl_c_keeps_what_nn_model_has_trained(capsys):
    X, Y = planar.notebook.load_planar_dataset()
    pressed = Pressed(1.0)
    with pytest.warns(UserWarning, match="interrupted by user"):
        parameters = planar.notebook.nn_model(X, Y, 50, 10**7, print_cost=True)
    assert pressed.took() < 0.5 and (planar.notebook.predict(parameters, X) == Y).mean() > 0.8
    assert len(capsys.readouterr().out.splitlines()) > 1


def test_other_threads_of_python_go_on_while_a_network_trains(flower):
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    begun = time.perf_counter()
    planar.PlanarClassifier(200, max_iter=3000, device="cpu", n_threads=1).fit(*flower)
    took = time.perf_counter() - begun
    stop.set()
    thread.join()
    assert counted[0] > 20 * took, (counted, took)


@pytest.mark.parametrize("device", ["cpu", pytest.param("gpu", marks=pytest.mark.gpu)])
def test_threads_train_at_once_to_the_same_bits(device, flower):
    alone = planar.PlanarClassifier(17, max_iter=60, device=device).fit(*flower)
    models = [planar.PlanarClassifier(17, max_iter=60, device=device) for _ in range(6)]
    threads = [threading.Thread(target=model.fit, args=flower) for model in models]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert all(np.array_equal(model.coefs_[0], alone.coefs_[0]) for model in models)


@pytest.mark.gpu
@pytest.mark.skipif(not hasattr(os, "fork"), reason="not run: there is no fork here")
def test_a_fork_after_opening_is_refused_and_names_spawn():
    code = (
        "import os, planar\nX, Y = planar.notebook.load_planar_dataset()\n"
        "fit = lambda device: planar.PlanarClassifier(max_iter=10, device=device).fit(X.T, Y[0])\nfit('gpu')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try: fit('gpu'); os._exit(1)\n"
        "    except planar.NoAdapter as error: said = str(error)\n"
        "    os._exit(0 if 'spawn' in said and fit('auto').status_ == 'finished' else 2)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert run(code).stdout.strip() == "0"


@pytest.mark.gpu
def test_a_process_that_is_spawned_trains_on_the_gpu(tmp_path):
    file = tmp_path / "spawn.py"
    file.write_text(
        "import multiprocessing, planar\n"
        "def cost(seed):\n"
        "    X, Y = planar.notebook.load_planar_dataset()\n"
        "    return planar.PlanarClassifier(max_iter=10, device='gpu', random_state=seed).fit(X.T, Y[0]).loss_\n"
        "if __name__ == '__main__':\n"
        "    here = cost(3)\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(cost, [3])[0] == here)\n"
    )
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.gpu
def test_nothing_of_the_driver_reaches_stderr_and_the_end_is_clean():
    code = (
        "import planar\nX, Y = planar.notebook.load_planar_dataset()\n"
        "planar.PlanarClassifier(max_iter=5, device='gpu').fit(X.T, Y[0])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_threads_follow_those_who_share_the_machine(monkeypatch):
    from joblib import Parallel, delayed

    def of_joblib(backend):
        return Parallel(n_jobs=2, backend=backend)(delayed(_device.threads)(None) for _ in range(2))

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert _device.threads(None) is None and _device.threads(3) == 3
    assert of_joblib("threading") == [1, 1]
    for given in ("1", " 1", "1,4"):
        monkeypatch.setenv("OMP_NUM_THREADS", given)
        assert _device.threads(None) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", str(10**6))
    assert _device.threads(None) == _device.cores()
    assert of_joblib("threading") == [1, 1]  # OMP_NUM_THREADS is of the process, not of each of its threads
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert all(each is not None and each <= max(1, _device.cores() // 2) for each in of_joblib("loky"))


@pytest.mark.parametrize("processes,threads", [(False, 2), (True, 2), (True, 1)])
def test_threads_follow_the_workers_of_dask(monkeypatch, processes, threads):
    distributed = pytest.importorskip("distributed")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    settings = {"n_workers": 1, "threads_per_worker": threads, "processes": processes, "dashboard_address": None}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        found = client.submit(_device.threads, None).result()
    assert (found or _device.cores()) * threads <= max(threads, _device.cores())


def test_threads_change_no_bit(flower):
    models = [planar.PlanarClassifier(277, max_iter=50, device="cpu", n_threads=n).fit(*flower) for n in (1, 2, 3)]
    assert all(np.array_equal(models[0].coefs_[0], model.coefs_[0]) for model in models)


def test_importing_is_quick():
    code = (
        "import time, sklearn.neural_network, sklearn.model_selection\nbegun = time.perf_counter()\nimport planar\n"
        "print(time.perf_counter() - begun)"
    )
    assert min(float(run(code).stdout) for _ in range(3)) < 0.15


@pytest.mark.skipif(sys.platform == "win32", reason="peaks of memory are asked for as Unix has them")
def test_float32_is_read_where_it_is():
    code = (
        "import sys, resource, numpy as np, planar\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)\n"
        "X = np.random.default_rng(0).random((400_000, 64), dtype=np.float32)\n"
        "y = (X[:, 0] > 0.5).astype(np.uint8)\n"
        "model = planar.PlanarClassifier(2, max_iter=1, device='cpu').fit(X[:10], y[:10])\n"
        "before = peak(); model.predict_proba(X); print(peak() - before)\n"
        "before = peak(); data = planar._planar.Data(X, y, ['0', '1']); print(peak() - before)\n"
    )
    predicted, loaded = (int(line) / (400_000 * 64 * 4) for line in run(code).stdout.split())
    assert predicted < 0.5  # answers and a block of points, not a second array
    assert loaded < 2.3  # the library's own, in float64
