"""One step of a network as a program without Python, and as an ONNX file for other runtimes.

    program = to_program(net, (64,))                  # `torch.export`: nothing more is needed
    to_onnx(net, "net.onnx", (64,))                   # needs onnxscript
    step = from_onnx("net.onnx")                      # needs onnxruntime
    spk, state = step(x)                              # one step from rest
    spk, state = step(x, state)                       # the next step, as `net.step`

A step has no memory of its own: the state goes in and comes out, so that every runtime can run it.
The weights are inside. Inputs are `x` and then the parts of the state, named "1_0" for part 0 of
layer "1"; outputs are `spk` and the parts of the next state, "1_0_next". All have a fixed shape.
"""

import copy
import logging
import os
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnedu.core import _check
from snnedu.core._extras import extra
from snnedu.core.layer import SpikingLayer
from snnedu.core.network import Sequential, State


class OneStep(nn.Module):
    """`net.step` with its state laid out as separate tensors, which exports can name.

    spk, *state = one(x, *state)
    """

    def __init__(self, net: Sequential, input_shape: tuple[int, ...], batch: int = 1) -> None:
        super().__init__()
        self.net = copy.deepcopy(net).eval()
        some = next(iter([*net.parameters(), *net.buffers()]), torch.zeros(()))
        self.x = torch.zeros(batch, *input_shape, dtype=some.dtype, device=some.device)
        with torch.no_grad():
            state = self.net.step(self.x)[1]
        self.parts = [(name, len(parts)) for name, parts in state.items()]
        self.rest = tuple(_rest(self.net, state))

    def forward(self, x: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Advance one step."""
        left = iter(state)
        before = {name: tuple(next(left) for _ in range(count)) for name, count in self.parts}
        spk, after = self.net.step(x, before)
        return spk, *[part for parts in after.values() for part in parts]

    @property
    def names(self) -> list[str]:
        """The names of the parts of the state, in order."""
        return [f"{name}_{part}" for name, count in self.parts for part in range(count)]


def to_program(net: Sequential, input_shape: tuple[int, ...], batch: int = 1) -> Any:
    """Return one step as a `torch.export.ExportedProgram`: `program.module()(x, *state)`.

    `input_shape` is that of one sample at one step. `torch.export.save` keeps it in a file.
    """
    one = _one(net, input_shape, batch)
    return torch.export.export(one, (one.x, *one.rest))


def to_onnx(
    net: Sequential, path: str | os.PathLike[str], input_shape: tuple[int, ...], batch: int = 1
) -> None:
    """Write one step of a network as an ONNX file; see `from_onnx` for how to run it."""
    one = _one(net, input_shape, batch)
    if any(bool(part.any()) for part in one.rest):
        raise ValueError(
            "An ONNX file here starts from a state of 0. Received neurons that rest elsewhere. "
            "Export them with `to_program`, and pass the state of rest yourself."
        )
    extra("onnxscript", "ONNX files need", "Run: python -m pip install onnxscript")
    with _quiet():
        program = torch.onnx.export(
            one, (one.x, *one.rest), dynamo=True, verbose=False,
            input_names=["x", *one.names],
            output_names=["spk", *[f"{name}_next" for name in one.names]],
        )  # fmt: skip
    assert program is not None
    program.save(path)


def from_onnx(path: str | os.PathLike[str], threads: int = 1) -> Callable[..., Any]:
    """Return a function `spk, state = step(x, state=None)` that runs a file in ONNX Runtime.

    `x` and spikes are tensors, the state is a list of arrays. `threads`: of one operator.
    """
    if not Path(path).exists():
        raise ValueError(
            f"`path` must be an ONNX file. Received {os.fspath(path)!r}, which does not exist. "
            f"Write it with `to_onnx(net, path, input_shape)`."
        )
    runtime = extra(
        "onnxruntime", "ONNX files need", "To run them: python -m pip install onnxruntime"
    )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    session = runtime.InferenceSession(os.fspath(path), options)
    names = [each.name for each in session.get_inputs()]
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    rest = [np.zeros(each.shape, kinds[each.type]) for each in session.get_inputs()[1:]]

    def step(x: Tensor, state: list[Any] | None = None) -> tuple[Tensor, list[Any]]:
        given = [x.detach().numpy(), *(rest if state is None else state)]
        spk, *after = session.run(None, dict(zip(names, given, strict=True)))
        return torch.from_numpy(spk), after

    return step


def _one(net: Any, input_shape: tuple[int, ...], batch: int) -> OneStep:
    if not isinstance(net, Sequential):
        raise TypeError(
            f"`net` must be a snnedu.Sequential. Received {type(net).__name__}. Write your network "
            f"as `Sequential(...)`."
        )
    _check.count("batch", batch)
    return OneStep(net, tuple(input_shape), batch).eval()


def _rest(net: Sequential, state: State) -> Iterator[Tensor]:
    """Yield the parts of the state at rest, given a state of the same shapes."""
    for name, layer, _ in net._layers(None):
        if isinstance(layer, SpikingLayer):
            for part, like in zip(layer.state_names, state[name], strict=True):
                yield layer.rest(part, like)
        elif name in state:
            yield from map(torch.zeros_like, state[name])


@contextmanager
def _quiet() -> Generator[None]:
    """Hide what torch's exporter says to those who develop it."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
