"""The README's table of the article's samples: ``python tests/origin/table.py`` rewrites it."""

import ast
from pathlib import Path

ROWS = Path(__file__).parent
README = ROWS.parents[1] / "README.md"
BEGIN, END = "<!-- rows: python tests/origin/table.py -->\n", "<!-- end of rows -->\n"


def table() -> str:
    """Return one row a test file, from the first line of its docstring."""
    lines = ["| row | what it says |", "| --- | --- |"]
    for path in sorted(ROWS.glob("test_row_*.py")):
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
        number, _, meaning = first.removeprefix("Row ").partition(": ")
        cell = meaning.replace("``", "`").replace("|", "\\|")
        lines.append(f"| [{number}](tests/origin/{path.name}) | {cell} |")
    return "\n".join(lines) + "\n"


def rewritten(readme: str) -> str:
    """Return ``readme`` with the table of today between its marks."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
