"""Call a student's function in a process of its own, as if it were here.

    with Workshop() as workshop, workshop.open(answer) as remote:
        verdict(exercise("02.1"), remote.answer)

The function gets copies of its arguments; what it changes in them is changed here, too, and
gradients go back through it. What it returns is data (see `wire`).
"""

import builtins
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from snnedu.course.grade.answers import Answer
from snnedu.course.grade.wire import MOST_BYTES, pack_message, tensors, unpack_result

PATIENCE = 6
ENDED = "The code took too long, ended its process, or returned too much."


class RemoteError(RuntimeError):
    """A student's process ended, or sent what cannot be read."""


class Workshop:
    """The process that makes a copy of itself for each answer (`worker`)."""

    def __enter__(self) -> "Workshop":
        self.control, theirs = socket.socketpair()
        paths = [os.path.abspath(path) for path in sys.path if path]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "snnedu.course.grade.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        )
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self.process.wait()

    @contextmanager
    def open(self, answer: Answer, seconds: int) -> "Generator[Remote]":
        """Start a process with an answer inside; it ends after `seconds` of computing.

        A machine may be busy, and an answer may sleep: it also ends after `seconds` times PATIENCE,
        and with the block.
        """
        ours, theirs = socket.socketpair()
        socket.send_fds(self.control, [b"."], [theirs.fileno()])
        theirs.close()
        child = int.from_bytes(self._receive(8), "big")
        remote = Remote(Connection(ours.detach()))
        clock = threading.Timer(PATIENCE * seconds, os.kill, [child, signal.SIGKILL])
        clock.start()
        try:
            remote.define(answer, seconds)
            yield remote
        finally:
            clock.cancel()
            clock.join()  # from here on, the number may become another process's
            remote.connection.close()
            self.control.sendall(b".")
            self._receive(1)

    def _receive(self, size: int) -> bytes:
        received = self.control.recv(size)
        if not received:
            raise RuntimeError(
                "The process that runs the students' code must start. It ended. Look at its "
                "message above; `snnedu doctor` may know more."
            )
        return received


class Remote:
    """One student's process; `answer` is what `check` would get from the student.

    `trouble` is why the process ended; `closed` tells whether it met what it may not open.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection, self.calls = connection, 0
        self.trouble, self.closed = "", False
        self.answer: Any = None

    def define(self, answer: Answer, seconds: int) -> None:
        """Run the code of an answer."""
        start = (answer.source, answer.modules, answer.expression, seconds)
        kind, value = self._request(start, [])
        function = partial(self.call)  # without source to look into
        as_class = type("Answer", (), {"apply": staticmethod(function)})
        self.answer = {"function": function, "class": as_class}.get(kind, value)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the student's function returns; raise what it raises."""
        self.calls += 1
        message = ("call", self.calls, args, kwargs)
        result, linked, changed, grads = self._request(message, [])
        given, parts = list(tensors((args, kwargs))), list(tensors(result))
        with torch.no_grad():
            for place, now in changed.items():
                given[place].copy_(now)
        for place, grad in grads.items():
            given[place].grad = grad
        outputs = [parts[place].requires_grad_(False) for place in linked]
        inputs = [part for part in given if part.requires_grad]
        if inputs and outputs:
            linked_outputs = _Linked.apply(partial(self.back, self.calls), outputs, *inputs)
            for part, now in zip(outputs, linked_outputs, strict=True):
                part.copy_(now)
        return result

    def back(self, call: int, grads: list[Tensor]) -> Any:
        """Return the gradients of a call's arguments, given those of its results."""
        return self._request(("back", call, grads), [])

    def _request(self, message: Any, functions: list[Callable[..., Any]]) -> Any:
        """Send a message, and answer what is asked back until the reply comes."""
        packed = pack_message(message, functions)
        while True:
            kind, *reply = self._exchange(packed)
            if kind == "done":
                return reply[0]
            if kind == "error":
                error = _error(*reply)
                self.closed |= isinstance(error, (OSError, ImportError))
                raise error
            packed = pack_message(functions[reply[0]](*reply[1]), [])

    def _exchange(self, packed: bytes) -> Any:
        try:
            self.connection.send_bytes(packed)
            return unpack_result(self.connection.recv_bytes(MOST_BYTES))
        except (EOFError, OSError):
            self.trouble = ENDED
            raise RemoteError(self.trouble) from None
        except Exception as error:
            self.trouble = f"The result is no plain data: {type(error).__name__}."
            raise RemoteError(self.trouble) from None


class _Linked(torch.autograd.Function):
    """The student's function in our graph: its backward pass runs in the student's process."""

    @staticmethod
    def forward(ctx: Any, back: Any, outputs: list[Tensor], *inputs: Tensor) -> Any:
        ctx.back = back
        return tuple(part.clone() for part in outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None, None, *ctx.back(list(grads))


def _error(name: Any, text: Any) -> Exception:
    """Return a student's error as one of Python's own."""
    kind = getattr(builtins, str(name), RuntimeError)
    is_error = isinstance(kind, type) and issubclass(kind, Exception)
    try:
        return kind(str(text)) if is_error else RuntimeError(f"{name}: {text}")
    except TypeError:  # UnicodeDecodeError takes more than a text
        return RuntimeError(f"{name}: {text}")
