"""The audit of the built site: ``make audit`` measures what takes too long for `make test`, and writes one report."""
