"""What learners get on Binder and on a hub, built and used for real: `make test-launch` and `make test-hub`."""
