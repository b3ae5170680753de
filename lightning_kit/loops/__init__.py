"""The lean training loop and lean logging, in place of Lightning's own."""

from lightning_kit.loops.lean import lean

__all__ = ["lean"]
