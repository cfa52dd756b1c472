"""The course on The Littlest JupyterHub; install.sh puts this into /opt/tljh/config/jupyterhub_config.d.

The limits follow from what a learner was measured to need: see deploy/README.md.
"""

c = get_config()  # noqa: F821  JupyterHub defines it

c.Spawner.cmd = ["/srv/carbite/deploy/singleuser.sh"]
c.Spawner.default_url = "/lab/tree/car-or-bite/contents.ipynb"

# Each learner's server and kernels together. What goes beyond the memory is stopped; what goes beyond the CPU waits.
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 2.0

# When a class logs in at once, starting is bound by the processors: waiting is better than a failed start.
c.Spawner.start_timeout = 600
c.Spawner.http_timeout = 600
c.JupyterHub.concurrent_spawn_limit = 40

# TLJH stops idle servers after ten minutes, which is less than a learner thinks about a question. The running
# culler is set with tljh-config: see deploy/README.md. Kernels that nobody looks at go earlier, inside the server.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_interval=300",
    "--MappingKernelManager.cull_connected=False",
]
