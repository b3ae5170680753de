"""A peer that raised is told from a peer that died."""

import time

import pytest
import torch.distributed as dist

from lightning_kit.runs import peers


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[../gloo/transport/tcp/pair.cc:534] Connection closed by peer"),
        dist.DistBackendError("NCCL error"),
        RuntimeError("Timed out waiting 1800000ms for recv operation to complete"),
    ],
)
def test_a_broken_link_is_recognised(error: BaseException) -> None:
    assert peers.is_broken_link(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes cannot be multiplied"), ValueError("gloo")])
def test_a_fault_of_this_rank_is_none(error: BaseException) -> None:
    assert not peers.is_broken_link(error)


def test_without_a_process_group_nothing_is_announced() -> None:
    peers.announce(RuntimeError("alone"))
    started = time.monotonic()
    assert peers.announced() is None
    assert time.monotonic() - started < 1


def test_an_announcement_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    store = vars(dist)["HashStore"]()
    monkeypatch.setattr(peers, "default_store", lambda: store)
    assert peers.announced(wait_s=0.1) is None
    peers.announce(RuntimeError("first line\nsecond"))
    assert peers.announced() == "RuntimeError: first line"
