"""Reusable parts for PyTorch Lightning, and a command line that turns one YAML file into a run."""

from importlib.metadata import version

__version__ = version("lightning_kit")
