"""Which names of events there are, and which may be one's own."""

from difflib import get_close_matches

from lightning_kit.callbacks.events import NAMES, Events

OWN = "own:"


def listened(name: str, argument: str = "event") -> str:
    """Return the event that a recipe means by ``name``: a built-in one, or ``own:<name>``.

    Raises:
        ValueError: If it is neither.
    """
    if isinstance(name, Events):
        return str(name.value)
    if isinstance(name, str) and name in NAMES:
        return name
    if isinstance(name, str) and name.startswith(OWN):
        return own(name.removeprefix(OWN), argument)
    raise ValueError(
        f"{argument} must be one of {', '.join(event.value for event in Events)}, or {OWN}NAME for "
        f"an event that a module fires itself, got {name!r}{_near(name)}"
    )


def own(name: str, argument: str = "name") -> str:
    """Return ``name`` where an event of one's own may have it.

    Raises:
        ValueError: If a built-in event has it, or if it is empty.
    """
    if not isinstance(name, str) or not name or name.startswith(OWN):
        raise ValueError(f"{argument} must be a name without {OWN!r}, got {name!r}")
    if name in NAMES:
        raise ValueError(
            f"{argument} must not be a built-in event, which the trainer fires, got {name!r}: "
            "choose another"
        )
    return name


def _near(name: object) -> str:
    near = get_close_matches(str(name).lower(), NAMES, n=1)
    return f": did you mean {near[0]}?" if near else ""
