"""A command that a signal ends has the code of that signal."""

import os
import signal
from threading import Thread

import pytest

from lightning_kit.cli.signals import with_exit_code


def terminate() -> int:
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL, "it would end the tests too"
    os.kill(os.getpid(), signal.SIGTERM)
    return 0


def exit_as_lightning_does() -> int:
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        raise SystemExit(1)  # noqa: B904


def test_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert with_exit_code(lambda: 2) == 2
    assert capsys.readouterr().err == ""
    assert with_exit_code(terminate) == 1
    assert capsys.readouterr().err == "lightning-kit: terminated\n"
    assert with_exit_code(exit_as_lightning_does) == 130
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_an_exit_that_code_asked_for_is_its_own() -> None:
    def leave() -> int:
        raise SystemExit(3)

    with pytest.raises(SystemExit) as ended:
        with_exit_code(leave)
    assert ended.value.code == 3


@pytest.mark.parametrize(("at_once", "code"), [(False, 0), (True, 1)])
def test_a_handler_over_it_ends_things_in_its_own_way_unless_nothing_is_to_be_saved(
    at_once: bool, code: int
) -> None:
    def run() -> int:
        before = signal.getsignal(signal.SIGTERM)
        assert callable(before)
        # As Lightning's: it notes the signal, then calls the one that was there.
        signal.signal(signal.SIGTERM, lambda *args: before(*args))
        try:
            return terminate()
        finally:
            signal.signal(signal.SIGTERM, before)

    assert with_exit_code(run, at_once=at_once) == code


def test_a_handler_that_was_there_stays() -> None:
    heard = []
    signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        assert with_exit_code(terminate) == 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert heard == [signal.SIGTERM]


def test_a_forked_process_ends_as_it_would() -> None:
    def run() -> int:
        if (child := os.fork()) == 0:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os._exit(9)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert with_exit_code(run) == -signal.SIGTERM


def test_another_thread_runs_without_it() -> None:
    codes: list[int] = []
    thread = Thread(target=lambda: codes.append(with_exit_code(lambda: 0)))
    thread.start()
    thread.join()
    assert codes == [0]
