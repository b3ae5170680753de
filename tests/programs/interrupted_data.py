"""Data whose preparation is ended: by Ctrl-C, by SIGTERM or by an exit."""

import os
import signal

from programs.plain import PlainData


def end(how: str) -> None:
    if how == "Ctrl-C":
        raise KeyboardInterrupt
    if how == "SIGTERM":
        assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL, "it would end the tests too"
        os.kill(os.getpid(), signal.SIGTERM)
    if how == "exit":
        raise SystemExit(3)


class InterruptedData(PlainData):
    """``how`` and ``where`` say what happens in ``init`` or a hook."""

    def __init__(self, how: str = "", where: str = "setup", batch_size: int = 8) -> None:
        super().__init__(batch_size=batch_size)
        self.how, self.where = how, where
        if where == "init":
            end(how)

    def prepare_data(self) -> None:
        if self.where == "prepare_data":
            end(self.how)

    def setup(self, stage: str) -> None:
        if self.where == "setup":
            end(self.how)

    def teardown(self, stage: str) -> None:
        if self.where == "teardown":
            end(self.how)
