"""Short names of the parts that stand inside callbacks: actions and schedules."""

from typing import Any

from lightning_kit.cli.classes import KINDS, Kind, class_path, short_names

# The arguments that take such a part, of callbacks and of schedules that are made of others.
ARGUMENTS = {
    "action": KINDS["actions"],
    "schedule": KINDS["schedules"],
    "schedules": KINDS["schedules"],
    "then": KINDS["schedules"],
}


def in_full(value: Any, kind: Kind | None = None) -> Any:
    """Return ``value`` with each short name in it as a full path; other names stay as they are.

    >>> in_full({"action": "Freeze"})
    {'action': {'class_path': 'lightning_kit.callbacks.actions.Freeze'}}
    """
    if isinstance(value, list):
        return [in_full(item, kind) for item in value]
    if isinstance(value, str):
        full = _full(value, kind)
        # The bare name of a class means an object of it.
        return value if full == value else {"class_path": full}
    if not isinstance(value, dict):
        return value
    found = {key: in_full(item, ARGUMENTS.get(key)) for key, item in value.items()}
    if isinstance(value.get("class_path"), str):
        found["class_path"] = _full(value["class_path"], kind)
    return found


def _full(name: str, kind: Kind | None) -> str:
    known = {} if kind is None or "." in name else short_names(kind)
    return class_path(known[name]) if name in known else name
