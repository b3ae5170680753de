"""Ignite's names of checkpoint files."""

from collections.abc import Sequence


def ignite_name(
    prefix: str,
    modules: Sequence[str] | None,
    global_step: int,
    score_name: str | None,
    score: float | None,
) -> str:
    """Return ``{prefix}_{name}_{global_step}_{score_name}={score:.4f}``, without what is not given.

    Args:
        prefix: Starts the name; may be empty.
        modules: What the file holds: a single one is ``name``, else that is ``checkpoint``.
        global_step: A 1-based count.
        score_name: Name of the score; a slash, which would make a folder, becomes ``_``.
        score: What the file was kept for.

    Example:
        >>> ignite_name("best", ["net"], 12, "val/f1", 0.5)
        'best_net_12_val_f1=0.5000'
        >>> ignite_name("", None, 12, None, None)
        'checkpoint_12'
    """
    name = modules[0] if modules is not None and len(modules) == 1 else "checkpoint"
    parts = [prefix] if prefix else []
    parts += [name, str(global_step)]
    if score is not None:
        named = "" if score_name is None else f"{score_name.replace('/', '_')}="
        parts.append(f"{named}{score:.4f}")
    return "_".join(parts)
