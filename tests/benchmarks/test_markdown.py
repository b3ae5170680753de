"""What was measured comes out as tables that Markdown renders."""

from typing import Any

from markdown_it import MarkdownIt

from benchmarks.markdown import markdown

SPREAD = {"median": 4e-4, "quartiles": [3.5e-4, 5e-4], "rounds": 7}
RATIO = {
    "name": "kit / by hand", "ratio": 1.1, "low": 1.05, "high": 1.2, "bound": "<= 1.15", "met": True
}  # fmt: skip
DOCUMENT: dict[str, Any] = {
    "theme": "training_step",
    "quick": False,
    "seconds": 12.34,
    "machine": {"cpu": "a CPU", "cores": 2, "versions": {"torch": "2.13.0"}},
    "rows": [
        {
            "name": "seed program",
            "notes": "",
            "unit": "step",
            "quantity": "s",
            "alternatives": {"by hand": SPREAD, "kit": SPREAD},
            "ratios": [RATIO],
        },
        {
            "name": "memory",
            "notes": "(ten looks)",
            "unit": "look",
            "quantity": "MiB",
            "alternatives": {"lean": {"median": 512.0, "quartiles": [500, 513], "rounds": 10}},
            "ratios": [],
        },
    ],
    "failures": [{"name": "GAN", "error": "weights differ"}],
}


def test_rows_become_tables() -> None:
    page = MarkdownIt("commonmark").enable("table").render(markdown(DOCUMENT))
    assert page.count("<table>") == 3
    assert "<h3>memory (ten looks)</h3>" in page
    assert "<td>512 MiB</td>" in page
    assert "<td>400 us</td>\n<td>350 us - 500 us</td>\n<td>7</td>" in page
    assert "<td>1.100</td>\n<td>1.050 - 1.200</td>" in page
    assert "Not the same work: weights differ" in page
    assert "12 s on a CPU, 2 cores, torch 2.13.0" in page
