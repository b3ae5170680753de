"""Train a run again from its own configuration, and compare weights and metrics.

usage: lightning-kit reproduce RUN_DIR

The new run gets a directory of its own beside the old one; the link `latest` stays where it was.
Exit code 0: weights and metrics are the same, bit for bit. 3: they differ, by how much at most is
said, and what changed (versions, commit, host, data of the kit's datamodules).
"""

from pathlib import Path

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.flags import split
from lightning_kit.cli.request import Request
from lightning_kit.cli.source import load
from lightning_kit.cli.summary import shown_path
from lightning_kit.cli.verbs.fit import fit
from lightning_kit.runs.comparison import (
    Apart,
    data_changed,
    metrics_apart,
    weights_apart,
    what_changed,
)
from lightning_kit.runs.directory import RunDirectory

UNKNOWN = (
    "versions, commit and host are the same, so its config.yaml, its data or code that no commit "
    "holds was changed since, or something in it is not decided by its seed "
    "(trainer.deterministic: true names operations that are not)"
)


def main(args: list[str]) -> int:
    words = list(split(args))
    if any(flag.key in ("h", "help") for flag in words):
        print(__doc__)
        return 0
    if len(words) != 1 or words[0].key:
        raise InputError(
            f"reproduce takes one run directory and no flags, got {' '.join(args) or 'nothing'}: "
            "lightning-kit reproduce runs/NAME/latest"
        )
    run = RunDirectory.open(str(words[0].value))
    record = run.record()
    if record.exit_code != 0:
        raise InputError(
            f"{shown_path(run.path)} must be a run that came to its end, it is {record.ending}"
        )
    for needed in (run.config, run.path / "metrics.csv"):
        if not needed.is_file():
            raise InputError(f"{shown_path(needed)} is gone: nothing to reproduce or compare with")
    request = Request.of("fit", ["-c", str(run.config), *_beside(run)])
    latest = run.path.parent / "latest"
    before = RunDirectory(latest.resolve()) if latest.exists() else None
    try:
        return fit(request, lambda again: _compare(run, again))
    finally:
        if before is not None:
            before.make_latest()


def _beside(run: RunDirectory) -> list[str]:
    """Return the flag that puts the new run beside ``run``, where runs of its name lie."""
    parent = run.path.parent
    return [f"--trainer.default_root_dir={parent.parent}"] if parent.name == run.name else []


def _compare(run: RunDirectory, again: RunDirectory) -> int:
    found = [metrics_apart("metrics.csv", run.path / "metrics.csv", again.path / "metrics.csv")]
    changed = what_changed(run.record(), again.record())
    old, new = _checkpoints(run), _checkpoints(again)
    for which in sorted({*old, *new}):
        if which not in old or which not in new:
            found.append(Apart(f"{which} weights", 1, 1, float("inf"), "one run has none"))
            continue
        before, after = load(old[which]), load(new[which])
        found.append(weights_apart(f"{which} weights", before["state_dict"], after["state_dict"]))
        changed += [line for line in data_changed(before, after) if line not in changed]
    for apart in found:
        print(apart)
    print(f"trained again: {shown_path(again.path)}")
    if not any(apart.differing for apart in found):
        return 0
    print(f"why: {'; '.join(changed) or UNKNOWN}")
    return 3


def _checkpoints(run: RunDirectory) -> dict[str, Path]:
    record = run.record()
    named = {"last": record.last, "best": record.best and record.best.get("path")}
    paths = {which: run.path / name for which, name in named.items() if name}
    return {which: path for which, path in paths.items() if path.exists()}
