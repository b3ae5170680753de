"""What a person reads at the end of an export."""

from rich.console import Console
from rich.table import Table

from lightning_kit.artefact import Artefact
from lightning_kit.cli.summary import shown_path


def print_export(artefact: Artefact) -> None:
    """Print the formats with size, latency and largest difference, the metrics, what is left out.

    Below stands the command that a person would type next.
    """
    manifest = artefact.manifest
    verified = manifest.verification
    table = Table(title=f"{manifest.name}: verified", title_justify="left")
    for heading in ("format", "kB", "us at 1", "us at 64", "differs by"):
        table.add_column(heading, justify="left" if heading == "format" else "right")
    for name, entry in manifest.formats.items():
        latency = entry.get("latency_us") or {}
        table.add_row(
            name,
            f"{entry['bytes'] / 1000:.0f}",
            *(f"{latency[size]:.0f}" if size in latency else "" for size in ("1", "64")),
            _largest(verified, name),
        )
    console = Console()
    console.print(table)
    for name, metric in (verified.get("metrics") or {}).items():
        between = f"{metric['low']:.4g} to {metric['high']:.4g}"
        console.print(f"{name} {metric['value']:.4g} ({between})", highlight=False)
    for name, reason in manifest.left_out.items():
        console.print(f"left out: {name}: {reason}", highlight=False, soft_wrap=True)
    for remark in verified.get("remarks") or []:
        console.print(remark, highlight=False, soft_wrap=True)
    print(f"artefact: {shown_path(artefact.path)}")


def _largest(verified: dict[str, object], name: str) -> str:
    formats = verified.get("formats")
    entry = formats.get(name) if isinstance(formats, dict) else None
    outputs = (entry or {}).get("outputs") or {}
    values = [each["largest"] for each in outputs.values()]
    numbers = [value for value in values if isinstance(value, int | float)]
    return f"{max(numbers):.1e}" if numbers else ""
