#!/bin/sh
# The course for every user of a server with The Littlest JupyterHub. Run as root in a copy of this repository;
# run it again after an update: what learners have edited is kept.
set -eu
user=/opt/tljh/user/bin
"$user/python" -c 'import sys; sys.exit(None if sys.version_info[:2] == (3, 12) else f"Python 3.12 is needed, as in .binder/runtime.txt; The Littlest JupyterHub brought {sys.version}")'
"$user/python" -m pip install --no-cache-dir --requirement .binder/requirements.txt
"$user/python" -m pip install --no-cache-dir --no-deps .
"$user/python" -m carbite_course.workspace . /srv/carbite/car-or-bite
install -D -m 755 deploy/singleuser.sh /srv/carbite/deploy/singleuser.sh
chmod -R a+rX /srv/carbite
install -D -m 644 .binder/overrides.json /opt/tljh/user/share/jupyter/lab/settings/overrides.json
install -D -m 644 deploy/tljh/jupyterhub_config.py /opt/tljh/config/jupyterhub_config.d/car-or-bite.py
tljh-config reload
