"""``python -m lightning_kit`` is ``lightning-kit``."""

from lightning_kit.cli import entry

if __name__ == "__main__":
    entry()
