"""Keep back what libraries say and a person can do nothing about."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial


@contextmanager
def quiet() -> Iterator[None]:
    """Hide, for a while, remarks on the kit's own doings; everything else is shown as before."""
    log = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    # One of its own for each: a block within another must not take the outer one's away.
    tips = partial(_is_no_tip)
    log.addFilter(tips)
    try:
        with warnings.catch_warnings():
            # Every run has a directory of its own; its recorder keeps the best score.
            warnings.filterwarnings("ignore", "The dirpath has changed")
            # Its record is there before its metrics.csv.
            warnings.filterwarnings("ignore", r"Experiment logs directory .*/\d{8}-\d{6}(-\d+)?/ ")
            # It was given as plain text, as ModelPruning's function is, and is written as given.
            warnings.filterwarnings("ignore", r"\s*Unable to serialize instance [\w.]+\s*$")
            # Lightning builds torch's LeafSpec by hand, and calls what jsonargparse 5 removes.
            warnings.filterwarnings("ignore", ".*LeafSpec.* is deprecated", FutureWarning)
            yield
    finally:
        log.removeFilter(tips)


def _is_no_tip(record: logging.LogRecord) -> bool:
    return "Tip: For seamless cloud" not in record.getMessage()
