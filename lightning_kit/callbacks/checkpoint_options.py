"""What may be asked of ModelCheckpoint together."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from lightning_kit.meters.arguments import check_whole
from lightning_kit.meters.functions import check_function

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
    yield from _wrong_kinds(o)
    yield from _wrong_amounts(o)
    yield from _wrong_last(o)
    yield from _wrong_score(o)
    yield from _wrong_name(o)
    yield from _wrong_modules(o["modules"], o["save_weights_only"])
    if o["filter"] is not None and o["save_top_k"] == 0 and not o["save_last"]:
        yield "filter has no effect with save_top_k=0, which saves nothing: leave one out"


def _wrong_kinds(o: Mapping[str, Any]) -> Iterator[str]:
    if o["mode"] not in (None, "min", "max"):
        yield f"mode must be 'min' or 'max', got {o['mode']!r}"
    if o["monitor"] is not None and not isinstance(o["monitor"], str):
        yield f"monitor must be a key, got {o['monitor']!r}"
    if o["score_function"] is not None:
        check_function("score_function", o["score_function"], "trainer", "pl_module")
    if o["on_saved"] is not None:
        check_function("on_saved", o["on_saved"], "trainer", "path")


def _wrong_amounts(o: Mapping[str, Any]) -> Iterator[str]:
    for name, least in (("save_top_k", -1), ("every_n_train_steps", 0), ("every_n_epochs", 0)):
        if o[name] is not None:
            check_whole(name, o[name], at_least=least)
    if not o["scored"] and o["keep_last"] is None and o["save_top_k"] not in (None, -1, 0, 1):
        yield (
            f"save_top_k={o['save_top_k']} keeps the best by a score, got none: name a monitor or "
            "a score_function, or keep_last"
        )
    when = [n for n in ("every_n_train_steps", "every_n_epochs", "train_time_interval") if o[n]]
    if len(when) > 1:
        yield (
            f"{' and '.join(f'{name}={o[name]}' for name in when)} each say when to save: leave "
            f"{'one' if len(when) == 2 else 'two'} out"
        )


def _wrong_last(o: Mapping[str, Any]) -> Iterator[str]:
    last = o["keep_last"]
    if last is None:
        return
    check_whole("keep_last", last, at_least=1)
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
    if not isinstance(modules, list | tuple) or not all(isinstance(each, str) for each in modules):
        yield f"modules must be a list of names, got {modules!r}"
    if not modules or not all(modules) or len(set(modules)) < len(modules):
        yield f"modules must name at least one submodule, each once, got {modules}"
    if save_weights_only:
        yield "save_weights_only has no effect beside modules, which saves weights alone"
