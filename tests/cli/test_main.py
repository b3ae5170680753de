"""The entry point picks a verb before torch is imported."""

import subprocess
import sys
from typing import Any

import pytest
from conftest import Run

from lightning_kit.cli import verb_lines


def test_every_verb_has_one_line() -> None:
    found = verb_lines()
    assert {"fit", "validate", "test", "predict", "check", "new", "list", "explain"} <= set(found)
    assert all(line.endswith(".") and len(line) < 80 for line in found.values())


@pytest.mark.parametrize(
    ("args", "code"), [([], 0), (["--help"], 0), (["--version"], 0), (["fitt"], 2), (["--no"], 2)]
)
def test_quick_answers_import_no_torch(args: list[str], code: int) -> None:
    program = (
        "import sys; from lightning_kit.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'torch', 'pytorch_lightning', 'numpy', 'yaml', 'rich'} & set(sys.modules); "
        "sys.exit(99 if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr


def test_a_misspelt_verb_gets_a_suggestion(kit: Run, capsys: Any) -> None:
    assert kit("ft") == 2
    assert capsys.readouterr().err == (
        "lightning-kit: ft: no such verb: did you mean fit? (see lightning-kit --help)\n"
    )


def test_the_module_is_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lightning_kit", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("lightning-kit 0.")


def test_every_verb_has_help(kit: Run, capsys: Any) -> None:
    for verb in verb_lines():
        assert kit(verb, "--help") == 0
        assert f"usage: lightning-kit {verb}" in capsys.readouterr().out


def test_help_works_after_a_verb_was_imported(kit: Run, capsys: Any) -> None:
    assert kit("list", "tasks") == 0
    assert kit("--help") == 0
    assert "  fit " in capsys.readouterr().out


def test_a_reader_that_stops_reading_is_no_error() -> None:
    program = (
        "import sys, lightning_kit.cli as cli; cli.main = lambda _: print('x' * 1_000_000) or 0; "
        "cli.entry()"
    )
    done = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.read(1)
    done.stdout.close()
    assert done.stderr.read() == b""
    assert done.wait() == 141
    done.stderr.close()
