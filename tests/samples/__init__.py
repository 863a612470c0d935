"""Inputs for every op, a file per topic: the one thing to add in ``tests/`` when an op is added."""
