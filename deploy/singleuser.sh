#!/bin/sh
# What a learner's server runs on a hub: it puts the notebooks into the learner's home, then becomes the server.
# Edited notebooks are kept. If the notebooks cannot be written (a full disk, say), the server starts all the same.
# CARBITE_NOTEBOOKS names the folder that was written once for all.
cd "$HOME" || exit 1
python -m carbite.handout "${CARBITE_NOTEBOOKS:-/srv/carbite/car-or-bite}" "$HOME/car-or-bite" >&2 ||
  echo "car-or-bite: the notebooks were not updated" >&2
exec jupyterhub-singleuser "$@"
