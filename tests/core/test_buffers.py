"""Blocks that wait for the next sequence, and never while anything still reads them."""

import gc
import threading

import pytest
import torch

import snnedu as snn
from snnedu.core import _buffers

LIKE = torch.zeros(1, 4, 1 << 16)


@pytest.fixture(autouse=True)
def none_waits():
    _buffers._waiting.clear()
    yield
    _buffers._waiting.clear()


def test_a_freed_block_serves_the_next_recording_of_its_size():
    first = _buffers.buffer(3, LIKE)
    address = first.data_ptr()
    del first
    assert _buffers.buffer(2, LIKE).data_ptr() != address  # another size
    assert _buffers.buffer(3, LIKE.view(1, 1 << 18)).data_ptr() == address  # another shape


@pytest.mark.parametrize("keep", [
    lambda rec: rec[1], lambda rec: rec.view(-1)[5:], lambda rec: rec.numpy(),
    lambda rec: rec.detach(), lambda rec: torch.from_dlpack(rec),
])  # fmt: skip
def test_a_block_that_anything_holds_is_not_given_away(keep):
    rec = _buffers.buffer(3, LIKE).fill_(1)
    held = keep(rec)
    del rec
    gc.collect()
    for _ in range(3):
        _buffers.buffer(3, LIKE).fill_(2)
    assert (held == 1).all()


def test_no_more_waits_than_is_said(monkeypatch):
    block = _buffers.buffer(3, LIKE).nbytes
    monkeypatch.setattr(_buffers, "KEPT", 2 * block)
    held = [_buffers.buffer(3, LIKE) for _ in range(5)]
    latest = held[-1].data_ptr()
    while held:
        held.pop(0)
    assert len(_buffers._waiting) == 2
    assert _buffers.buffer(3, LIKE).data_ptr() == latest  # the oldest went


@pytest.mark.parametrize(
    "like", [torch.zeros(1, 100), LIKE.double(), LIKE.to("meta")], ids=["small", "float64", "meta"]
)
def test_small_recordings_and_other_types_are_left_to_torch(like):
    assert _buffers.buffer(2, like).shape == (2, *like.shape[1:])
    assert _buffers._waiting == []


def test_a_training_step_takes_the_blocks_of_the_step_before():
    lif, cur = snn.Leaky(0.9), torch.rand(100, 4, 1000, requires_grad=True)

    def step():
        spk, mem = lif.unroll(cur)
        addresses = {spk.data_ptr(), mem.data_ptr()}
        spk.sum().backward()
        addresses.add(cur.grad.data_ptr())
        cur.grad = None
        return addresses

    first = step()
    assert len(first) == 3
    assert step() == first


def test_threads_share_no_block():
    failures = []

    def use(number):
        for _ in range(200):
            rec = _buffers.buffer(1, LIKE).fill_(number)
            if not bool((rec == number).all()):
                failures.append(number)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
