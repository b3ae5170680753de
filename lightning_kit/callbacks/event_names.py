"""Which names of events there are, and which may be one's own."""

from difflib import get_close_matches

from lightning_kit.callbacks.events import NAMES, Events

OWN = "own:"
# How alike a name must be to a built-in one, from 0 to 1, to be taken for a slip of the pen.
ALIKE = 0.8


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


def named(name: str, argument: str = "event") -> str:
    """Return the event that a program means by ``name``: as :func:`listened`, or a plain own one.

    Raises:
        ValueError: If it is none, or plain and close to a built-in one.
    """
    if not isinstance(name, str) or name in NAMES or name.startswith(OWN):
        return listened(name, argument)
    if near := get_close_matches(name.lower(), NAMES, n=1, cutoff=ALIKE):
        raise ValueError(
            f"{argument} must be a built-in one or a name of your own, got {name!r}: did you mean "
            f"{near[0]}? (or Events.{near[0].upper()}; if it is your own event, say {OWN}{name})"
        )
    return own(name, argument)


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
