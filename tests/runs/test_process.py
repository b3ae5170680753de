"""A process is told from another with the same pid."""

import os
import subprocess
import sys

from lightning_kit.runs.process import is_running, start_time


def test_this_process_runs() -> None:
    assert is_running(os.getpid(), start_time(os.getpid()))


def test_a_later_process_with_the_same_pid_is_another() -> None:
    assert not is_running(os.getpid(), "1")


def test_an_ended_process_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = start_time(child.pid)
    assert is_running(child.pid, started)
    child.communicate(b"\n")
    assert not is_running(child.pid, started)
    assert start_time(child.pid) is None


def test_a_killed_child_that_nobody_waited_for_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = start_time(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(child.pid, started)
    child.communicate()
