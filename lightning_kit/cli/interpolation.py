"""Resolve ``${...}`` over the whole configuration, flags included.

jsonargparse's omegaconf mode refuses an interpolation below the ``init_args`` of a subclass.
"""

from dataclasses import replace
from typing import Any

from lightning_kit.cli.documents import Config, meant
from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import Flag
from lightning_kit.cli.layers import lay, nested

MARK = "${"


def interpolated(
    config: Config, flags: list[Flag], paths: list[list[str]]
) -> tuple[Config, list[Flag]]:
    """Return ``config`` and ``flags`` with every ``${key}`` replaced by what it names.

    Args:
        config: The layers below the flags.
        flags: What stands above them.
        paths: Where each flag's value stands in the configuration.
    """
    if not _marked(config) and not any(MARK in (flag.value or "") for flag in flags):
        return config, flags
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    view = with_flags(config, flags, paths)
    try:
        resolved: Any = OmegaConf.to_container(OmegaConf.create(view), resolve=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None)
        reason = str(error).splitlines()[0]
        raise InputError(f"{f'{key}: ' if key else ''}{reason}") from error
    found = [
        replace(flag, value=str(_at(resolved, path))) if MARK in (flag.value or "") else flag
        for flag, path in zip(flags, paths, strict=True)
    ]
    return _filled(config, resolved), found


def with_flags(config: Config, flags: list[Flag], paths: list[list[str]]) -> Config:
    """Return ``config`` with the flags' values laid in, as far as their text tells them."""
    for flag, path in zip(flags, paths, strict=True):
        if flag.value is not None and "" not in path:
            config = lay(nested(path, meant(flag.value)), config)
    return config


def _marked(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_marked(item) for item in value.values())
    if isinstance(value, list):
        return any(_marked(item) for item in value)
    return isinstance(value, str) and MARK in value


def _filled(value: Any, resolved: Any) -> Any:
    """Take only what was marked: a flag's value must not come in twice."""
    if isinstance(value, dict):
        return {key: _filled(item, resolved[key]) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, resolved[index]) for index, item in enumerate(value)]
    return resolved if _marked(value) else value


def _at(value: Any, path: list[str]) -> Any:
    for part in path:
        value = value[part]
    return value
