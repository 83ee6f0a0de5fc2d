"""The process in which students' functions run: it never saw the course's solutions.

It is started once and imports what answers may use. For each answer it makes a copy of itself,
which locks itself in, defines the answer, and returns its results. It judges nothing.
"""

import gc
import os
import pickle
import pkgutil
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn

from snnedu.core import data
from snnedu.core.network import Sequential
from snnedu.core.neurons import Leaky
from snnedu.core.training import fit
from snnedu.course.grade.lock import lock
from snnedu.course.grade.wire import pack_result, tensors, unpack_message

ROOMS = ("core", "brains", "silicon")
MOST_GRAPHS = 8  # of the last calls, for the backward pass
COURSE = ("check", "hint", "outcome", "predict", "progress", "quiz", "recap", "reset", "solution")


def main() -> None:
    """Make a copy of this process for each connection that arrives, until there are no more."""
    _prepare()
    control = socket.socket(fileno=int(sys.argv[1]))
    while True:
        _, connection, _, _ = socket.recv_fds(control, 1, 1)
        if not connection:
            return
        if child := os.fork():
            os.close(connection[0])
            control.sendall(child.to_bytes(8, "big"))
            control.recv(1)  # until the grader has done with it
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            control.sendall(b".")
        else:
            control.close()
            _Answer(Connection(connection[0])).run()


class _Answer:
    """One student's answer, and the last graphs that its calls have built."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.graphs = dict[int, tuple[list[Tensor], list[Tensor]]]()

    def run(self) -> None:
        """Define the answer, then do what the grader asks, until the connection ends."""
        try:
            source, modules, expression, seconds = pickle.loads(self.connection.recv_bytes())
            for name in modules:
                _import(name)
            _close_streams()
            lock(seconds)
            self._reply(lambda: self._define(source, expression))
            while True:
                packed = self.connection.recv_bytes()
                self._reply(lambda packed=packed: self._do(*unpack_message(packed, self._ask)))
        finally:
            os._exit(0)

    def _define(self, source: str, expression: str) -> tuple[str, Any]:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(source, "answer", "exec"), names)
        answer = eval(expression, names)
        is_class = isinstance(answer, type)
        self.function = getattr(answer, "apply", answer) if is_class else answer
        kind = "class" if is_class else "function" if callable(answer) else "value"
        return kind, answer if kind == "value" else None

    def _do(self, what: str, *message: Any) -> Any:
        return self._call(*message) if what == "call" else self._backward(*message)

    def _call(self, number: int, args: Any, kwargs: Any) -> Any:
        """Return the result, which of its tensors have a graph, and what changed in arguments."""
        given = list(tensors((args, kwargs)))
        before = [part.detach().clone() for part in given]
        result = self.function(*args, **kwargs)
        parts = list(tensors(result))
        linked = [place for place, part in enumerate(parts) if part.grad_fn is not None]
        inputs = [part for part in given if part.requires_grad]
        self.graphs[number] = [parts[place] for place in linked], inputs
        self.graphs.pop(number - MOST_GRAPHS, None)
        pairs = enumerate(zip(before, given, strict=True))
        changed = {n: now.detach() for n, (then, now) in pairs if not torch.equal(then, now)}
        grads = {n: part.grad for n, part in enumerate(given) if part.grad is not None}
        return result, linked, changed, grads

    def _backward(self, number: int, grads: list[Tensor]) -> Any:
        outputs, inputs = self.graphs[number]
        return torch.autograd.grad(outputs, inputs, grads, retain_graph=True, allow_unused=True)

    def _ask(self, number: int, *args: Any) -> Any:
        """Have the grader call one of its own functions."""
        self.connection.send_bytes(pack_result(("ask", number, args)))
        return unpack_message(self.connection.recv_bytes(), self._ask)

    def _reply(self, work: Callable[[], Any]) -> None:
        try:
            packed = pack_result(("done", work()))
        except BaseException as error:
            packed = pack_result(("error", type(error).__name__, str(error)))
        self.connection.send_bytes(packed)


def _prepare() -> None:
    """Import and use what answers need, as locked copies can open no file."""
    torch.set_num_threads(1)  # a process with threads cannot be copied
    for room in ROOMS:
        package = import_module(f"snnedu.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            _import(module.name)
    vars(sys.modules["snnedu"]).update(dict.fromkeys(COURSE, _unchanged))
    data.digits = cache(data.digits)
    scans = data.digits()[1][0][:4], data.digits()[1][1][:4]
    net = Sequential(nn.Linear(64, 10), Leaky(0.9))
    fit(net, scans, scans, encode=lambda x: x.expand(3, *x.shape), epochs=1, progress=False)
    repr(pack_result(net))
    repr(net(torch.rand(3, 1, 64))[1])
    gc.freeze()


def _unchanged(id: str, answer: Any = None) -> Any:
    """Stand in for `snn.check` of an earlier exercise: go on with the student's own answer."""
    return answer


def _import(name: str) -> None:
    with suppress(Exception):  # it is not installed, or not made for this system
        import_module(name)


def _close_streams() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)


if __name__ == "__main__":
    main()
