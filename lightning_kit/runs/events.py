"""``events.jsonl``: what happened in a run that is not a number at a step, one line each."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, final


@final
class EventLog:
    """Append events to a file, each flushed at once: a killed run keeps its last line.

    Args:
        path: The file; it is made at the first event.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, kind: str, **fields: Any) -> None:
        """Write one event: when, what kind, and its plain ``fields``."""
        event = {"time": datetime.now().astimezone().isoformat(), "kind": kind, **fields}
        with self.path.open("a") as file:
            file.write(json.dumps(event) + "\n")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the events so far; a last line that was torn by a kill is left out."""
        if not self.path.exists():
            return
        for line in self.path.read_text().splitlines():
            try:
                event: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            yield event
