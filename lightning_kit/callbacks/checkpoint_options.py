"""What may be asked of ModelCheckpoint together."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

FilenameStyle = Literal["lightning", "ignite"]
Preset = Literal["ignite"]


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that have defaults, as given, else as the preset has them.

    Raises:
        ValueError: If one is out of range, contradicts another, or would have no effect.
    """
    ignite = given["preset"] == "ignite"
    scored = given["monitor"] is not None or given["score_function"] is not None
    keep_last = given["keep_last"]
    if ignite and not scored and given["save_top_k"] is None:
        keep_last = keep_last or 1
    style = given["filename_style"]
    if style is None:
        style = "ignite" if ignite and given["filename"] is None else "lightning"
    for message in _wrong({**given, "scored": scored, "filename_style": style}):
        raise ValueError(message)
    return {
        "keep_last": keep_last,
        "filename_style": style,
        "mode": given["mode"] or ("max" if ignite and scored else "min"),
        "save_top_k": 1 if given["save_top_k"] is None else given["save_top_k"],
    }


def _wrong(o: Mapping[str, Any]) -> Iterator[str]:
    if o["preset"] not in (None, "ignite"):
        yield f"preset must be 'ignite' or left out, got {o['preset']!r}"
    if o["filename_style"] not in ("lightning", "ignite"):
        yield f"filename_style must be 'lightning' or 'ignite', got {o['filename_style']!r}"
    yield from _wrong_last(o)
    yield from _wrong_score(o)
    yield from _wrong_name(o)
    yield from _wrong_modules(o["modules"], o["save_weights_only"])
    if o["filter"] is not None and o["save_top_k"] == 0 and not o["save_last"]:
        yield "filter has no effect with save_top_k=0, which saves nothing: leave one out"


def _wrong_last(o: Mapping[str, Any]) -> Iterator[str]:
    last = o["keep_last"]
    if last is None:
        return
    if not isinstance(last, int) or isinstance(last, bool) or last < 1:
        yield f"keep_last must be a whole number, at least 1, got {last!r}"
    for name in ("monitor", "score_function", "save_top_k", "mode"):
        if o[name] is not None:
            yield (
                f"keep_last keeps the newest whatever their score, and {name}={o[name]!r} asks "
                "for the best: leave one out"
            )


def _wrong_score(o: Mapping[str, Any]) -> Iterator[str]:
    if o["monitor"] is not None and o["score_function"] is not None:
        yield f"monitor={o['monitor']!r} and score_function both give a score: leave one out"
    if o["latest_on_tie"] and not o["scored"]:
        yield "latest_on_tie has no effect without a score: name a monitor or a score_function"
    if o["latest_on_tie"] and o["save_top_k"] in (0, -1):
        yield (
            f"latest_on_tie has no effect with save_top_k={o['save_top_k']}, which keeps all or "
            "nothing: set save_top_k to at least 1"
        )
    if o["score_name"] is not None and o["score_function"] is None:
        if not o["scored"]:
            yield "score_name has no effect without a score: name a monitor or a score_function"
        if o["filename_style"] != "ignite":
            yield "score_name has no effect beside monitor: set filename_style to 'ignite'"


def _wrong_name(o: Mapping[str, Any]) -> Iterator[str]:
    if o["filename_style"] == "ignite":
        if o["filename"] is not None:
            yield f"filename={o['filename']!r} and filename_style='ignite' both name: leave one out"
        if not o["auto_insert_metric_name"]:
            yield "auto_insert_metric_name has no effect with filename_style='ignite': leave it out"
    elif o["filename_prefix"]:
        yield "filename_prefix has no effect without filename_style='ignite': use filename"


def _wrong_modules(modules: list[str] | None, save_weights_only: bool) -> Iterator[str]:
    if modules is None:
        return
    if not modules or not all(modules) or len(set(modules)) < len(modules):
        yield f"modules must name at least one submodule, each once, got {modules}"
    if save_weights_only:
        yield "save_weights_only has no effect beside modules, which saves weights alone"
