"""A hub on this machine, for the test of a class: the settings of deploy/tljh, with the paths and names of the test."""

import os

c = get_config()  # noqa: F821  JupyterHub defines it
load_subconfig(os.environ["CLASS_SETTINGS"])  # noqa: F821

c.JupyterHub.bind_url = os.environ["CLASS_ADDRESS"]
c.JupyterHub.hub_bind_url = os.environ["CLASS_HUB_ADDRESS"]
c.ConfigurableHTTPProxy.api_url = os.environ["CLASS_PROXY_ADDRESS"]
c.ConfigurableHTTPProxy.command = os.environ["CLASS_PROXY"].split(os.pathsep)

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["CLASS_PASSWORD"]
c.Authenticator.allow_all = True

# Homes in one folder, all processes of one user: no isolation, which is not what is tested here.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.environ["CLASS_HOMES"] + "/{username}"
c.Spawner.cmd = [os.environ["CLASS_SERVER"]]
c.Spawner.args = [*c.Spawner.args, "--allow-root"]
c.Spawner.environment = {
    "PATH": os.environ["CLASS_PATH"],
    "CARBITE_NOTEBOOKS": os.environ["CLASS_NOTEBOOKS"],
}
# A server that was killed is noticed within this time.
c.Spawner.poll_interval = 5

c.JupyterHub.services = [{"name": "observer", "api_token": os.environ["CLASS_TOKEN"]}]
c.JupyterHub.load_roles = [
    {
        "name": "observer",
        "scopes": ["admin:users", "admin:servers", "tokens", "access:servers"],
        "services": ["observer"],
    }
]
