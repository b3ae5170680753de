"""Flags that give a part as a whole: ``--trainer FILE``, ``--model '{lr: 1}'``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lightning_kit.cli.documents import Dumper, meant, read
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag

PARTS = ("trainer", "model", "data")
FILE_ENDINGS = (".yaml", ".yml", ".json")


def spread(flag: Flag) -> Iterator[Flag]:
    """Yield ``flag`` with a part's file read; a mapping for the trainer as a flag an argument.

    >>> [(f.key, f.value) for f in spread(Flag("trainer", "{max_epochs: 3, logger: false}"))]
    [('trainer.max_epochs', '3'), ('trainer.logger', 'false')]
    """
    value: Any = flag.value or ""
    if flag.key not in PARTS or not (value.startswith("{") or value.endswith(FILE_ENDINGS)):
        yield flag
        return
    value = meant(value) if value.startswith("{") else read(value)
    if flag.key != "trainer":
        yield Flag(flag.key, text_of_value(value), flag.source)
        return
    if not isinstance(value, dict):
        raise InputError(f"{flag.source}: must be a file or a mapping, got {flag.value!r}")
    dashes = flag.source.startswith("-")
    for name, item in value.items():
        source = f"{flag.source}.{name}" if dashes else flag.source
        yield Flag(f"trainer.{name}", text_of_value(item), source)


def part_in_file(value: Any, file: Path) -> Any:
    """Return what a part of ``file`` is: its own, or that of the file beside it that it names."""
    if isinstance(value, str) and value.endswith(FILE_ENDINGS):
        return read(file.parent / value)
    return value


def text_of_value(value: Any) -> str:
    """Return ``value`` as the text of a flag; a text is that text.

    >>> text_of_value("0123"), text_of_value(None), text_of_value({"a": ["1"]})
    ('0123', 'null', "{a: ['1']}")
    """
    if isinstance(value, str):
        return value
    text: str = yaml.dump(
        value, Dumper=Dumper, default_flow_style=True, sort_keys=False, width=float("inf")
    )
    return text.removesuffix("...\n").strip()
