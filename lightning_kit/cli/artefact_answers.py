"""Answer a file of rows from an artefact folder: nothing of torch is imported."""

from pathlib import Path

from lightning_kit.cli.errors import InputError
from lightning_kit.cli.rows_flags import RowsFlags, check_free

# Also what a run without a directory of its own gets.
DEFAULT = Path("predictions.csv")


def answer_rows(folder: Path, flags: RowsFlags) -> int:
    """Write the answers of the artefact ``folder`` for ``flags.rows``; return the exit code.

    Raises:
        InputError: If the artefact, the rows or the flags are wrong, or a package is missing.
    """
    out = flags.out or DEFAULT
    _check(folder, flags, out)
    assert flags.rows is not None
    try:
        count = _written(folder, flags.rows, out)
    except FileExistsError as error:
        raise InputError(f"{out} exists: move it away, nothing is overwritten") from error
    except (ValueError, OSError, ImportError) as error:
        raise InputError(str(error).replace("\n", " ")) from error
    print(f"{count} predictions: {out}")
    return 0


def _written(folder: Path, file: Path, out: Path) -> int:
    from lightning_kit.artefact import Artefact, read_rows
    from lightning_kit.artefact.answers import write_answers
    from lightning_kit.artefact.encoders import RawRowsError
    from lightning_kit.cli.wrong_row import wrong_row

    artefact = Artefact.open(folder)
    manifest = artefact.manifest
    # Before the rows are read, which may take long.
    _ = artefact.runtime
    rows = read_rows(file, manifest.encoders, manifest.inputs)
    try:
        answers = artefact.answer(rows)
    except RawRowsError as error:
        raise wrong_row(file, error) from error
    return write_answers(out, answers, manifest.classes)


def _check(folder: Path, flags: RowsFlags, out: Path) -> None:
    for word in flags.others:
        if word not in flags.words:
            raise InputError(f"{word}: an artefact takes --rows and --out alone")
    if len(flags.words) > 1:
        raise InputError(f"{flags.words[1]}: one artefact is enough")
    if flags.rows is None:
        raise InputError(
            f"{folder} is an artefact, which brings no data along: say --rows FILE (CSV, Parquet, "
            "JSON lines, npz or pictures)"
        )
    check_free(out)
    if out.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"--out {out}: an artefact holds what was verified alone, write elsewhere")
