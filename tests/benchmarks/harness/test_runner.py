"""A function as a runner."""

from benchmarks.harness import Calls


def test_a_leg_is_a_call_and_the_last_one_says_what_was_done() -> None:
    done: list[int] = []

    def work() -> int:
        done.append(len(done))
        return len(done)

    calls = Calls(work)
    assert all(calls.leg() >= 0 for _ in range(3))
    assert done == [0, 1, 2]
    assert calls.finish() == 3


def test_the_other_clock_leaves_out_what_a_thread_waits_for() -> None:
    import threading

    waits = Calls(lambda: threading.Event().wait(0.05), clock="cpu")
    walls = Calls(lambda: threading.Event().wait(0.05))
    # Not a bound on speed: a wait takes no computing.
    assert waits.leg() < 0.05 <= walls.leg()
