"""■ in a notebook ends the cell, whenever it comes, and leaves everything as it was."""

import random
import sys
import time
from collections.abc import Iterator

import pytest
from jupyter_client import BlockingKernelClient, KernelManager

pytestmark = [
    pytest.mark.house,
    pytest.mark.skipif(sys.platform == "win32", reason="no such signal"),
]
SET_UP = """
import random, signal, time, numpy, torch, snnedu as snn
from torch import nn
x, targets = torch.rand(256, 16), torch.arange(256) % 4
net = snn.Sequential(nn.Linear(16, 8), snn.Leaky(0.9), nn.Linear(8, 4), snn.Leaky(0.9))
data, more = (x, targets), dict(encode=lambda x: snn.spikegen.rate(x, 5), batch_size=32)

def count_spikes(spk_rec):
    torch.rand(3), random.random(), numpy.random.rand()
    return spk_rec.sum(0)

def state():
    drawn = torch.get_rng_state().tolist(), random.getstate(), numpy.random.get_state()[1].tolist()
    modes = [part.training for part in net.modules()]
    return drawn, modes, torch.is_grad_enabled(), signal.getsignal(signal.SIGINT)

snn.fit(net, data, data, epochs=1, progress=False, **more)
snn.check("00.1", count_spikes)
before = state()
"""
LOOPS = {
    "fit": "snn.fit(net, data, data, epochs=1, progress=False, **more)",
    "evaluate": "snn.evaluate(net, data, **more)",
    "check": 'snn.check("00.1", count_spikes)',
}


@pytest.fixture
def kernel() -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager = KernelManager()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    """Run a cell; a kernel that was just interrupted may drop it, for a moment."""
    for _ in range(100):
        reply = client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
        if reply["content"]["status"] != "aborted":
            return reply["content"]
        time.sleep(0.01)
    return pytest.fail("The kernel drops every cell.")


@pytest.mark.parametrize("loop", LOOPS)
def test_stop_ends_the_cell_and_leaves_everything_as_it_was(kernel, loop):
    manager, client = kernel
    assert run(client, SET_UP)["status"] == "ok"
    draw = random.Random(1)
    for _ in range(20):
        asked = client.execute(f"print('go')\nwhile True:\n    {LOOPS[loop]}")
        while client.get_iopub_msg(timeout=60)["content"].get("text") != "go\n":
            pass
        time.sleep(draw.uniform(0.0, 0.3))
        manager.interrupt_kernel()  # once: ipykernel 7 may lose its reply if it is pressed again
        reply = client.get_shell_msg(timeout=30)  # of a cell that would run for ever
        assert reply["parent_header"]["msg_id"] == asked
        found = reply["content"]
        assert found["ename"] in ("Stopped", "Interrupted", "KeyboardInterrupt")
        if found["ename"] != "KeyboardInterrupt":  # which comes between two calls
            assert found["traceback"] == [found["evalue"]]  # one sentence, without a traceback
        assert run(client, "assert state() == before, state()")["status"] == "ok"
