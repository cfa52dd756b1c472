"""Run by the hub's own Python: do JupyterHub and the LTI authenticator know the settings of deploy/z2jh?

python tests/launch/settings.py deploy/z2jh
"""

import re
import sys
from pathlib import Path

import yaml
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from jupyterhub.spawner import LocalProcessSpawner
from kubespawner import KubeSpawner
from ltiauthenticator.lti13.auth import LTI13Authenticator
from traitlets import TraitError
from traitlets.config import Config

CLASSES = {each.__name__: each for each in (Authenticator, JupyterHub, LTI13Authenticator)}
ADDRESS = re.compile(r"https://hub\.example\.edu/hub(/\S+)")
SINGLE_USER = {"defaultUrl": "default_url", "startTimeout": "start_timeout", "cmd": "cmd"}


def problems(folder: Path) -> list[str]:
    """Names that are no setting, values that are refused, addresses that the authenticator does not serve."""
    found = []
    values = yaml.safe_load((folder / "values.yaml").read_text("utf-8"))
    for file in sorted(folder.glob("*.yaml")):
        config = yaml.safe_load(file.read_text("utf-8"))["hub"]["config"]
        for name, settings in config.items():
            known = CLASSES[name].class_traits(config=True) if name in CLASSES else {}
            found += [f"{file.name}: {name} has no setting {key}" for key in settings if key not in known]
        if "LTI13Authenticator" not in config:
            continue
        login = config["LTI13Authenticator"] | {"client_id": ["1"]}
        try:
            made = LTI13Authenticator(config=Config(LTI13Authenticator=Config(login)))
        except TraitError as error:
            found.append(f"{file.name}: {error}")
            continue
        served = {f"/{path}" for path, _ in made.get_handlers(JupyterHub())}
        for path in ADDRESS.findall(file.read_text("utf-8")):
            if path != "/" and path not in served:
                found.append(f"{file.name}: the authenticator serves {sorted(served)}, not {path}")
        if not made.allow_all:
            found.append(f"{file.name}: nobody may log in")
    single = values["singleuser"]
    asked = {trait: single[key] for key, trait in SINGLE_USER.items()}
    asked |= {f"mem_{name}": value for name, value in single["memory"].items()}
    asked |= {f"cpu_{name}": value for name, value in single["cpu"].items()}
    found += [
        f"values.yaml: KubeSpawner has no setting {name}" for name in set(asked) - set(KubeSpawner.class_traits())
    ]
    try:
        # KubeSpawner itself asks for a cluster when it is made; these settings are of what it inherits from.
        spawner = LocalProcessSpawner(config=Config(Spawner=Config(asked)))
    except TraitError as error:
        return [*found, f"values.yaml: {error}"]
    if not spawner.mem_guarantee < spawner.mem_limit:
        found.append("values.yaml: more memory is guaranteed than allowed")
    return found


if __name__ == "__main__":
    said = problems(Path(sys.argv[1]))
    print("\n".join(said))
    sys.exit(1 if said else 0)
