"""Which rows of which files are the training, validation, test and prediction part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import final

from lightning_kit.artefact.rows.table_file import TableFile
from lightning_kit.datamodules.base import Part
from lightning_kit.datamodules.dealt import Dealt, hash_of_file
from lightning_kit.datamodules.splits import Split
from lightning_kit.datamodules.table_rows import TableRows
from lightning_kit.datamodules.table_split import TableSplit


@final
@dataclass
class TableParts:
    """Parts that are read when they are asked for, and files that are read once.

    Args:
        path: The file that is split into the parts without a file of their own.
        own: A file that is a part, whole.
        split: How ``path`` is split.
        seed: For the split, where it has no seed of its own.
        labels: Gives the classes of all rows of ``path`` to a split that takes them.
    """

    path: str
    own: dict[Part, str]
    split: TableSplit
    seed: int
    labels: Callable[[TableFile], Sequence[str] | None]
    _files: dict[str, TableFile] = field(default_factory=dict)
    _split: Split | None = None
    dealt: Dealt | None = None

    def rows(self, part: Part) -> TableRows:
        """Return one part; without a file of its own, prediction gets the test part.

        Raises:
            DataError: If a file cannot be read or split.
            ValueError: If the part is empty.
        """
        if part == "predict" and part not in self.own:
            part = "test"
        if part in self.own:
            return TableRows(self.file(part))
        if not self.has(part):
            raise ValueError(f"fractions must give the {part} part rows before it is asked for")
        return TableRows(self.file("train"), self._dealt()[part])

    def is_own(self, part: Part) -> bool:
        """Say whether a part is a file, whole, so that no split decides its rows."""
        return part in self.own or (part == "predict" and "test" in self.own)

    def has(self, part: Part) -> bool:
        """Say whether there are rows in the training, validation or test part."""
        return part in self.own or len(self._dealt()[part]) > 0

    def file(self, part: Part) -> TableFile:
        """Return the file that holds ``part``."""
        test = self.own.get("test", self.path)
        path = self.own.get(part, test if part == "predict" else self.path)
        if path not in self._files:
            self._files[path] = TableFile(path)
        return self._files[path]

    def forget(self) -> None:
        """Read the files anew when they are asked for next."""
        self._files.clear()
        self._split = self.dealt = None

    def _dealt(self) -> Split:
        if self._split is None:
            table = self.file("train")
            labels = self.labels(table) if self.split.takes_labels else None
            self._split = self.split.deal(table, labels, self.seed)
            if settings := self.split.settings(self.seed):
                content = hash_of_file(self.path)
                self.dealt = {"rows": table.num_rows, **settings, "content": content}
        return self._split
