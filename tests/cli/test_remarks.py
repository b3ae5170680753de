"""What a part says in its log is printed once, while it is asked for, on one rank."""

import logging
from typing import Any

import pytest

from lightning_kit.cli import remarks
from lightning_kit.cli.remarks import shown

PART = logging.getLogger("lightning_kit.some")


def test_a_line_is_printed_once_and_nothing_stays(capsys: Any) -> None:
    with shown(PART.name):
        for reason in ("one", "one", "two"):
            logging.getLogger(f"{PART.name}.file").info("because of %s", reason)
        PART.debug("nothing to know")
    PART.info("afterwards")
    assert capsys.readouterr().err == "because of one\nbecause of two\n"
    assert (PART.level, PART.handlers) == (logging.NOTSET, [])


def test_a_level_that_somebody_set_stays(capsys: Any) -> None:
    PART.setLevel(logging.ERROR)
    try:
        with shown(PART.name):
            PART.info("too little")
        assert PART.level == logging.ERROR
    finally:
        PART.setLevel(logging.NOTSET)
    assert capsys.readouterr().err == ""


def test_other_ranks_are_silent(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remarks, "global_rank", lambda: 1)
    with shown(PART.name):
        PART.warning("because")
    assert capsys.readouterr().err == ""
