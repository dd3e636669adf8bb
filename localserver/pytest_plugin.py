"""Fixtures of the bundled server for the tests of other programs."""
