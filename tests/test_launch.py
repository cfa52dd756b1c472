"""Binder, hub and laptop: what is installed there, what opens there, and the settings. Fast; `make test-launch` and
`make test-hub` do it for real."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jupytext
import nbformat
import pytest
import yaml
from repo2docker.buildpacks import PythonBuildPack
from traitlets.config.loader import PyFileConfigLoader

from carbite import handout, launch
from carbite.notebooks import notebook
from carbite.stamp import edited, fingerprint
from carbite.stamp import write as write_page
from carbite_course import workspace
from tests.launch import environment, sizing
from tests.launch.start import imports, plain

ROOT = Path(__file__).parents[1]
BINDER = ROOT / ".binder"
DEPLOY = ROOT / "deploy"
PINNED = re.compile(r"^([a-z0-9-]+==[^ ]+)", re.MULTILINE)


# --- What is built ------------------------------------------------------------------------------------------


def test_repo2docker_takes_the_files_of_binder() -> None:
    pack = environment.buildpack(ROOT)
    assert type(pack) is PythonBuildPack
    assert pack.python_version == "3.12"
    made = environment.dockerfile(ROOT)
    assert '-r ".binder/requirements.txt"' in made
    assert "RUN ./.binder/postBuild" in made


def test_the_base_of_repo2docker_is_understood() -> None:
    asked, constraints = environment.base("3.12")
    assert {each.partition("==")[0] for each in asked} >= {"jupyterlab", "notebook", "jupyterhub", "ipywidgets"}
    assert len(constraints) > 100


def test_the_requirements_are_in_step_with_the_lock(tmp_path: Path) -> None:
    """Made again by the command of the Makefile, nothing changes, and every version is the lock's."""
    made = tmp_path / "requirements.txt"
    shutil.copy(BINDER / made.name, made)
    (line,) = re.findall(r"^\t\$\(BIN\)/uv (.*--extra launch.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    command = [str(made) if part == ".binder/requirements.txt" else part for part in shlex.split(line)]
    run = subprocess.run(
        [Path(sys.executable).with_name("uv"), *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert made.read_text("utf-8") == (BINDER / made.name).read_text("utf-8"), "run: make binder"
    pins = set(PINNED.findall(made.read_text("utf-8")))
    assert len(pins) > 80
    assert pins <= set(PINNED.findall((ROOT / "requirements.lock").read_text("utf-8")))


@pytest.mark.parametrize("script", [BINDER / "postBuild", DEPLOY / "singleuser.sh", DEPLOY / "tljh" / "install.sh"])
def test_scripts_can_be_run(script: Path) -> None:
    shell = script.read_text("utf-8").splitlines()[0].split()[-1].rsplit("/", 1)[-1]
    assert script.stat().st_mode & 0o111, "not executable"
    assert subprocess.run([shell, "-n", str(script)], check=False).returncode == 0


def test_files_that_the_scripts_name_are_there() -> None:
    text = "\n".join(
        path.read_text("utf-8") for path in (BINDER / "postBuild", DEPLOY / "tljh" / "install.sh", DEPLOY / "README.md")
    )
    named = set(re.findall(r"(?<![\w/.])((?:\.binder|deploy)/[\w./-]+\w)", text))
    assert len(named) > 5
    for name in named:
        assert (ROOT / name).exists(), name


# --- The folder that everyone gets --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the headings of its pages alone: their numbers take half a minute to compute."""
    made = tmp_path_factory.mktemp("repository")
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, made)
    shutil.copytree(ROOT / "course", made / "course")
    (made / "book").mkdir()
    for chapter in (ROOT / "book").glob("*.md"):
        heading = re.search(r"^# .+$", chapter.read_text("utf-8"), re.MULTILINE)
        assert heading, chapter
        (made / "book" / chapter.name).write_text(f"{heading[0]}\n\nSome text.\n", "utf-8")
    return made


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    made = root / launch.FOLDER
    assert all(workspace.write(root, made).values())
    return made


def test_the_contents_lead_to_every_notebook_of_the_book_and_the_course(folder: Path) -> None:
    page = nbformat.read(folder / launch.CONTENTS, as_version=4)
    nbformat.validate(page)
    targets = re.findall(r"\]\(([^)]+)\)", page.cells[0].source)
    assert len(targets) == len(set(targets))
    for target in targets:
        assert (folder / target).is_file(), target
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    pages = [toc["root"], *(each["file"] for part in toc["parts"] for each in part["chapters"])]
    assert [launch.chapter(each) for each in pages] == [each for each in targets if each.startswith(launch.CHAPTERS)]
    sources = [each.name for each in sorted((ROOT / "course" / "assignments").iterdir())]
    assert targets[len(pages) :] == [f"{launch.ASSIGNMENTS}/{name}.ipynb" for name in sources]


def test_assignments_hold_no_solution_and_are_stamped(folder: Path) -> None:
    for file in (folder / launch.ASSIGNMENTS).glob("*.ipynb"):
        nbformat.validate(nbformat.read(file, as_version=4))
        assert "SOLUTION" not in file.read_text("utf-8")
        assert not edited(file)


def page(text: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def change(file: Path, **fields: Any) -> None:
    read = json.loads(file.read_text("utf-8"))
    read["cells"][0].update(fields)
    file.write_text(json.dumps(read), "utf-8")


def test_handing_out_keeps_what_a_learner_did(tmp_path: Path) -> None:
    source, home = tmp_path / "source", tmp_path / "home"
    given = {name: source / "chapters" / f"{name}.ipynb" for name in ("new", "run", "old", "mine", "broken")}
    for file in given.values():
        write_page(file, page("1 + 1"))
    assert set(handout.hand_out(source, home).values()) == {handout.WRITTEN}
    there = {name: home / "chapters" / file.name for name, file in given.items()}
    there["new"].unlink()
    change(there["run"], outputs=[{"output_type": "stream", "name": "stdout", "text": "2"}])
    change(there["mine"], source="my answer")
    there["broken"].write_text("not a notebook", "utf-8")
    write_page(given["old"], page("a later version"))
    write_page(given["mine"], page("a later version"))
    kept = {name: there[name].read_bytes() for name in ("run", "mine", "broken")}
    done = handout.hand_out(source, home)
    assert {name: done[there[name]] for name in there} == {
        "new": handout.WRITTEN,
        "run": handout.KEPT,
        "old": handout.WRITTEN,
        "mine": handout.EDITED,
        "broken": handout.EDITED,
    }
    assert {name: there[name].read_bytes() for name in kept} == kept
    assert "a later version" in there["old"].read_text("utf-8")
    assert sorted(home.rglob("*")) == sorted([home / "chapters", *there.values()]), "something was left behind"


def test_a_stamp_is_of_the_text_alone(root: Path, folder: Path) -> None:
    file = folder / launch.CHAPTERS / "efficacy.ipynb"
    ours = notebook(root / "book" / "efficacy.md")
    assert json.loads(file.read_text("utf-8"))["metadata"]["carbite"]["written"] == fingerprint(ours)
    as_lines = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in ours["cells"]]
    assert fingerprint({"cells": as_lines}) == fingerprint(ours)


def test_handing_out_imports_nothing_that_takes_time() -> None:
    code = "import sys, carbite.handout; print(sorted({'jupytext', 'pandas', 'numpy', 'altair'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_handing_out_names_a_folder_that_is_not_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "carbite.handout", str(tmp_path / "nowhere"), str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.strip() == f"{tmp_path / 'nowhere'}: there is no such folder"


# --- The start of a notebook --------------------------------------------------------------------------------

# What takes long to import and no chapter needs before its first result; `make test-launch` measures the seconds.
LATER = ("numba", "scipy.stats", "scipy.optimize", "carbite.explorer", "jupytext", "carbite.notebooks")


def first_imports(file: Path) -> str:
    """What the first code cell of a page or an assignment imports."""
    cells = jupytext.reads(file.read_text("utf-8"), fmt="md:myst").cells
    return next((imports(plain(each.source)) for each in cells if each.cell_type == "code"), "")


def loaded_by(code: str, *names: str) -> list[str]:
    """Which of these modules a new Python has loaded after the code."""
    asked = f"{code}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules))"
    return subprocess.check_output([sys.executable, "-c", asked], text=True).split()


def test_the_package_alone_imports_no_library() -> None:
    assert loaded_by("import carbite", "numpy", "scipy", "pandas", "altair", "anywidget", "IPython") == []


def test_no_chapter_imports_at_its_start_what_it_needs_later() -> None:
    pages = {file.stem: first_imports(file) for file in sorted((ROOT / "book").glob("*.md"))}
    started = {name: code for name, code in pages.items() if code}
    assert len(started) > 12
    # That page begins with a specification curve, which is of the explorer.
    assert "carbite.explorer" in started.pop("multiverse")
    assert loaded_by("\n".join(started.values()), *LATER) == []


def test_no_assignment_imports_at_its_start_what_it_needs_later() -> None:
    started = [first_imports(file) for file in sorted((ROOT / "course" / "assignments").glob("*/*.md"))]
    assert all("carbite_course.selfcheck" in code for code in started)
    assert loaded_by("\n".join(started), *LATER, "altair", "yaml") == []


def test_pooling_asks_for_its_library_when_it_pools() -> None:
    """Importing ``scipy.special`` takes as long as pandas; most first figures need no pooled number."""
    assert loaded_by("from carbite.figures import efficacy", "scipy.special", "altair") == ["altair"]
    assert loaded_by("import carbite\ncarbite.pool([1, 2], [3, 4])", "scipy.special", "scipy.stats") == [
        "scipy.special"
    ]


# --- Links --------------------------------------------------------------------------------------------------


def test_every_notebook_has_a_link(folder: Path) -> None:
    found = dict(launch.links(folder, "https://hub.example.edu/"))
    assert next(iter(found)) == launch.CONTENTS
    assert set(found) == {file.relative_to(folder).as_posix() for file in folder.rglob("*.ipynb")}
    for path, link in found.items():
        assert link == f"https://hub.example.edu/hub/user-redirect/lab/tree/{launch.FOLDER}/{path}"


def test_a_link_for_nbgitpuller_names_repository_branch_and_file() -> None:
    link = launch.pulled("https://hub.example.edu", "a b.ipynb", "https://git.example.edu/me/course&co", "main")
    parts = urlsplit(link)
    assert parts.path == "/hub/user-redirect/git-pull"
    asked = parse_qs(parts.query, strict_parsing=True)
    assert asked["repo"] == ["https://git.example.edu/me/course&co"]
    assert asked["branch"] == ["main"]
    assert unquote(asked["urlpath"][0]) == "lab/tree/course&co/a b.ipynb?autodecode"


@pytest.mark.parametrize("repository", ["me/course", "https://git.example.edu/me/course/"])
def test_a_repository_without_an_address_or_a_name_is_refused(repository: str) -> None:
    with pytest.raises(ValueError, match="expected the address of a repository"):
        launch.repository_folder(repository)


def test_the_launch_button_of_a_page_opens_its_notebook(tmp_path: Path) -> None:
    """In a book built with the project's settings and a repository; without one there are no buttons."""
    config = (ROOT / "_config.yml").read_text("utf-8")
    assert config.count('  url: ""\n') == 1
    config = config.replace('  url: ""\n', '  url: "https://github.com/example/book"\n')
    config = config.replace(
        "  notebook_interface:", '  jupyterhub_url: "https://hub.example.edu"\n  notebook_interface:'
    )
    head = "---\nkernelspec: {display_name: Python 3, language: python, name: python3}\n---\n"
    files = {
        "_config.yml": config,
        "_toc.yml": "format: jb-book\nroot: book/index\nchapters:\n- file: book/efficacy\n",
        "book/index.md": "# Start\n",
        "book/efficacy.md": f"{head}# Efficacy\n",
        "book/references.bib": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(tmp_path)]
    built = subprocess.run([*command, "-W", "-n", "--keep-going"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    html = (tmp_path / "_build" / "html" / "book" / "efficacy.html").read_text("utf-8")
    path = "lab/tree/car-or-bite/chapters/efficacy.ipynb"
    assert f'href="https://mybinder.org/v2/gh/example/book/main?urlpath={path}"' in html
    assert f'href="https://hub.example.edu/hub/user-redirect/{path}"' in html
    assert "lab/tree/book" not in html


# --- Settings of the hubs -----------------------------------------------------------------------------------

# The keys of Zero to JupyterHub's chart (version 4; its values.schema.yaml) that values.yaml may use. `...` is where
# the chart takes anything. Helm itself checks the rest when it is run.
POLICY = {"enabled": bool, "egress": list, "egressAllowRules": dict.fromkeys(
    ("cloudMetadataServer", "dnsPortsCloudMetadataServer", "dnsPortsKubeSystemNamespace", "dnsPortsPrivateIPs",
     "nonPrivateIPs", "privateIPs"), bool)}  # fmt: skip
AFFINITY = {"nodeAffinity": {"matchNodePurpose": str}}
CHART: dict[str, Any] = {
    "hub": {
        "config": ...,
        "concurrentSpawnLimit": int,
        "db": {"type": str, "pvc": {"storage": str}},
        "resources": ...,
        "networkPolicy": POLICY,
    },
    "proxy": {
        "https": {"enabled": bool, "type": str, "hosts": list, "letsencrypt": {"contactEmail": str}},
        "chp": {"networkPolicy": POLICY, "resources": ...},
        "traefik": {"networkPolicy": POLICY},
    },
    "singleuser": {
        "image": {"name": str, "tag": str},
        "cmd": list,
        "defaultUrl": str,
        "startTimeout": int,
        "memory": {"guarantee": str, "limit": str},
        "cpu": {"guarantee": float, "limit": int},
        "storage": {"type": str, "capacity": str, "homeMountPath": str},
        "extraFiles": ...,
        "allowPrivilegeEscalation": bool,
        "networkPolicy": POLICY,
    },
    "cull": {"enabled": bool, "timeout": int, "every": int, "users": bool},
    "scheduling": {
        "userScheduler": {"enabled": bool},
        "podPriority": {"enabled": bool},
        "userPlaceholder": {"enabled": bool, "replicas": int},
        "userPods": AFFINITY,
        "corePods": AFFINITY,
    },
    "prePuller": {"hook": {"enabled": bool}, "continuous": {"enabled": bool}},
    "debug": {"enabled": bool},
}


def strangers(values: Mapping[str, Any], known: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """What the chart would refuse: a key that it does not know, or a value of another kind."""
    for key, value in values.items():
        where = f"{at}.{key}".lstrip(".")
        expected = known.get(key)
        if expected is None:
            yield f"{where}: unknown"
        elif isinstance(expected, dict):
            yield from strangers(value, expected, where) if isinstance(value, dict) else [f"{where}: {value!r}"]
        elif expected is not ... and type(value) is not expected:
            yield f"{where}: {value!r}"


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "z2jh" / "values.yaml").read_text("utf-8")))


def megabytes(text: str) -> float:
    """JupyterHub's units: powers of 1024."""
    return float(text[:-1]) * {"M": 1, "G": 1024}[text[-1]] * 1024**2 / 1e6


def test_the_chart_knows_every_value(values: dict[str, Any]) -> None:
    assert list(strangers(values, CHART)) == []
    wrong = {"hub": {"networkpolicy": {}}, "cull": {"timeout": "3600"}, "singleuser": {"memory": "1G"}}
    assert len(list(strangers(wrong, CHART))) == 3


def test_nobody_logs_in_by_typing_a_name(values: dict[str, Any]) -> None:
    assert (
        values["hub"]["config"]["JupyterHub"]["authenticator_class"] == "ltiauthenticator.lti13.auth.LTI13Authenticator"
    )
    assert "allow_all" not in json.dumps(values)
    for name in ("canvas", "moodle"):
        text = (DEPLOY / "z2jh" / f"lti-{name}.yaml").read_text("utf-8")
        lti = yaml.safe_load(text)["hub"]["config"]["LTI13Authenticator"]
        assert lti["client_id"] == [], "the administrator's to fill in"
        for field in ("issuer", "authorize_url", "jwks_endpoint"):
            assert urlsplit(lti[field]).scheme == "https"


def test_a_learner_reaches_no_private_network(values: dict[str, Any]) -> None:
    assert all(each["networkPolicy"]["enabled"] for each in (values["hub"], values["singleuser"]))
    rules = values["singleuser"]["networkPolicy"]
    assert not any(rules["egressAllowRules"][name] for name in ("cloudMetadataServer", "nonPrivateIPs", "privateIPs"))
    (rule,) = rules["egress"]
    assert {each["port"] for each in rule["ports"]} == {443}
    assert set(rule["to"][0]["ipBlock"]["except"]) >= {
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
    }


def test_both_hubs_open_the_same_folder_with_the_same_limits(values: dict[str, Any]) -> None:
    loader = PyFileConfigLoader("jupyterhub_config.py", path=str(DEPLOY / "tljh"))
    config = loader.load_config()
    assert config.Spawner == config.SystemdSpawner
    spawner = config.Spawner
    single = values["singleuser"]
    assert spawner.cmd == single["cmd"] == ["/srv/carbite/deploy/singleuser.sh"]
    assert spawner.default_url == single["defaultUrl"] == f"/{launch.lab(launch.CONTENTS)}"
    assert spawner.mem_limit == single["memory"]["limit"]
    assert spawner.cpu_limit == single["cpu"]["limit"]
    assert f"/srv/carbite/{launch.FOLDER}" in (DEPLOY / "singleuser.sh").read_text("utf-8")
    (kernels,) = (each["data"]["MappingKernelManager"] for each in single["extraFiles"].values())
    assert spawner.args == [f"--MappingKernelManager.{name}={value}" for name, value in kernels.items()]


# A class as it might be measured.
CLASS: dict[str, Any] = {
    "date": "2026-01-02 03:04",
    "machine": "2 cores",
    "command": "make test-hub",
    "learners": 16,
    "browsers": 3,
    "cells": 160,
    "failures": 0,
    "hub_pss_mb": 200.0,
    "server_pss_mb": 100.0,
    "kernel_pss_mb": 150.0,
    "learner_pss_mb_most": 300.0,
    "start_cpu_s": 2.0,
    "run_cpu_s": 4.0,
    "start_s_median": 5.0,
    "start_s_slowest": 9.0,
    "run_s_median": 20.0,
    "run_s_slowest": 30.0,
}


def test_the_readme_says_what_was_measured_or_that_nothing_was() -> None:
    measured = sizing.read()
    if measured is None:
        assert sizing.said() == sizing.NOT_MEASURED
        return
    assert sizing.said() == sizing.markdown(measured)
    assert measured["failures"] == 0
    assert measured["learners"] >= 15


def test_a_measured_class_is_recorded_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{sizing.BEGIN}\n\n{sizing.NOT_MEASURED}\n\n{sizing.END}\nafter\n", "utf-8")
    monkeypatch.setattr(sizing, "README", readme)
    monkeypatch.setattr(sizing, "MEASURED", tmp_path / "measured.json")
    assert sizing.read() is None
    assert sizing.said() == sizing.NOT_MEASURED
    sizing.record(CLASS)
    assert sizing.read() == CLASS
    assert sizing.said() == sizing.markdown(CLASS)
    assert "No class has been measured" not in readme.read_text("utf-8")
    assert "16 learners at once, 3 of them in a browser" in sizing.said()
    assert readme.read_text("utf-8").startswith("before\n")
    assert readme.read_text("utf-8").endswith("\nafter\n")


def test_limits_and_guarantees_cover_what_was_measured_or_are_said_to_be_a_guess(values: dict[str, Any]) -> None:
    memory = values["singleuser"]["memory"]
    guarantee, limit = megabytes(memory["guarantee"]), megabytes(memory["limit"])
    assert guarantee < limit
    measured = sizing.read()
    if measured is None:
        assert "limits in `z2jh/values.yaml` and `tljh/jupyterhub_config.py` are a first guess" in sizing.said()
    else:
        assert sizing.shortfalls(measured, guarantee, limit) == []


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"server_pss_mb": 350.0}, ["a server and a kernel: 500 MB, 500 MB are guaranteed"]),
        ({"learner_pss_mb_most": 1200.0}, ["the most that one learner took: 1200 MB, 1000 MB are allowed"]),
        (
            {"kernel_pss_mb": 400.0},
            [
                "a server and a kernel: 500 MB, 500 MB are guaranteed",
                "a server and 2 kernels with 1.3 of headroom: 1170 MB, 1000 MB are allowed",
            ],
        ),
    ],
)
def test_limits_that_do_not_cover_it_are_named(figures: dict[str, float], said: list[str]) -> None:
    assert sizing.shortfalls({**CLASS, **figures}, 500.0, 1000.0) == said


def test_a_class_needs_what_the_formula_in_the_readme_says() -> None:
    assert sizing.memory_gb(100, CLASS) == pytest.approx((200 + 100 * (100 + 2 * 150) * 1.3) / 1000)
    assert sizing.cores(100, CLASS) == pytest.approx(100 * 6 / 300)
    assert sizing.nodes(1000, CLASS) == 10  # 520 GB of 57.6
