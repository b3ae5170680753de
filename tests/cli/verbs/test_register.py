from pathlib import Path

import pytest
from conftest import Run
from programs.artefacts import write_table


def test_a_folder_becomes_a_version(
    kit: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(tmp_path / "small")
    assert kit("register", "small", "--name", "sizes") == 0
    assert capsys.readouterr().out.startswith("models:/sizes/1 in sqlite:///")
    assert (tmp_path / "mlflow.db").is_file()


def test_a_run_stands_for_its_artefact(
    kit: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "runs" / "x" / "now"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}")
    assert kit("register", str(run)) == 2
    assert "has no artefact: lightning-kit export" in capsys.readouterr().err
    write_table(run / "artefact")
    assert kit("register", str(run), "--store", f"sqlite:///{tmp_path}/own.db") == 0
    assert (tmp_path / "own.db").is_file()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "register takes one artefact, got none"),
        (("a", "b"), "register takes one artefact, got a b"),
        (("a", "--nam", "x"), "--nam: no such flag of register: did you mean name?"),
        (("a", "--name"), "--name: a value must follow"),
        (("a",), "a/manifest.json: there is no such file"),
    ],
)
def test_wrong_words_are_one_line(
    kit: Run, args: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kit("register", *args) == 2
    assert message in capsys.readouterr().err


def test_help(kit: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert kit("register", "--help") == 0
    assert "usage: lightning-kit register" in capsys.readouterr().out
