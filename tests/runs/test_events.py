"""Events are kept one a line, and a torn line costs itself alone."""

from pathlib import Path

from lightning_kit.runs.events import EventLog


def test_events_are_read_back_in_order() -> None:
    log = EventLog(Path("events.jsonl"))
    assert list(log) == []
    log.append("best", score=0.5)
    log.append("end", status="finished")
    assert [(event["kind"], event.get("score")) for event in log] == [("best", 0.5), ("end", None)]
    assert all("time" in event for event in log)


def test_a_torn_line_is_left_out_and_the_log_goes_on() -> None:
    log = EventLog(Path("events.jsonl"))
    log.append("best", score=0.5)
    with log.path.open("a") as file:
        file.write('{"kind": "be\n')
    log.append("end")
    assert [event["kind"] for event in log] == ["best", "end"]
