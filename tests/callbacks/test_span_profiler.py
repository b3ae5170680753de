"""Named entries are heard, others cost nothing and do nothing."""

import pytest

from lightning_kit.callbacks.span_profiler import SpanProfiler


def test_what_is_named_is_heard_by_either_way_of_lightnings() -> None:
    heard: list[str] = []
    profiler = SpanProfiler(
        {"both": lambda: heard.append("+"), "begin": lambda: heard.append("begin")},
        {"both": lambda: heard.append("-"), "end": lambda: heard.append("end")},
    )
    assert profiler.spans == {"both", "begin", "end"}
    for name in ("begin", "both", "unknown", "end"):
        with profiler.profile(name), profiler.profile(name):
            heard.append(".")
        profiler.start(name)
        profiler.stop(name)
    assert heard == [
        "begin", "begin", ".", "begin", "+", "+", ".", "-", "-", "+", "-", ".",
        ".", "end", "end", "end",
    ]  # fmt: skip


def test_an_entry_ends_by_an_exception_too_which_goes_on() -> None:
    heard: list[str] = []
    profiler = SpanProfiler({}, {"both": lambda: heard.append("-")})
    with pytest.raises(KeyError), profiler.profile("both"):
        raise KeyError
    assert heard == ["-"]


def test_it_has_nothing_to_report_of_its_own() -> None:
    assert SpanProfiler({}, {}).summary() == ""
