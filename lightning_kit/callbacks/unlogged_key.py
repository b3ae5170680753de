"""What is raised where a callback watches a key that nothing logs."""

from typing import final

from lightning_fabric.utilities.exceptions import MisconfigurationException


@final
class UnloggedKey(ValueError, RuntimeError, MisconfigurationException):
    """A monitored key is not logged: wrong input.

    It is also of the kinds that Lightning's EarlyStopping and ModelCheckpoint raise, for code that
    catches those.
    """
