"""The course on The Littlest JupyterHub; install.sh puts this into /opt/tljh/config/jupyterhub_config.d.

The limits follow from what a learner was measured to need: see deploy/README.md.
"""

c = get_config()  # noqa: F821  JupyterHub defines it

c.JupyterHub.concurrent_spawn_limit = 40

# TLJH writes its own values for SystemdSpawner, which would win over those for every Spawner.
for spawner in (c.Spawner, c.SystemdSpawner):
    spawner.cmd = ["/srv/carbite/deploy/singleuser.sh"]
    spawner.default_url = "/lab/tree/car-or-bite/contents.ipynb"
    # Of each learner's server and kernels together: beyond the memory a kernel ends, beyond the CPU it waits.
    spawner.mem_limit = "1G"
    spawner.cpu_limit = 2.0
    # When a class logs in at once, the processors are what is short: waiting is better than a failed start.
    spawner.start_timeout = 600
    spawner.http_timeout = 600
    # A kernel that nobody looks at ends after half an hour. Idle servers: services.cull, see deploy/README.md.
    spawner.args = [
        "--MappingKernelManager.cull_idle_timeout=1800",
        "--MappingKernelManager.cull_interval=300",
        "--MappingKernelManager.cull_connected=False",
    ]
