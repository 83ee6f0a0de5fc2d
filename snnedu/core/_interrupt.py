"""Ctrl-C, and ■ in a notebook: hold it back where it would leave something half done."""

import signal
import threading
import time
from typing import Any

PATIENCE = 1.0  # seconds that an interrupt may be held back; after that the next one passes


class Stopped(KeyboardInterrupt):
    """Ctrl-C, or ■, said in a sentence: a notebook shows that alone, in place of a traceback.

    It ends the cell, and a loop around the call, as every `KeyboardInterrupt` does.
    """

    def __init__(self, text: str = "Stopped, as you asked. Run the cell again to start over."):
        super().__init__(text)

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of this error."""
        return [str(self)]


class Interrupts:
    """Hold interrupts back until `pass_on`, or the end of the block.

    A `KeyboardInterrupt` may come between any two steps of Python: also after `torch.no_grad` has
    switched gradients off, and before it knows that it has to switch them on again. Inside this
    block it comes where the code asks for it:

        with Interrupts() as interrupts, torch.no_grad():
            for batch in batches:
                interrupts.pass_on()  # raises Stopped if one has come
                ...
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._before: Any = None

    def __enter__(self) -> "Interrupts":
        """Take over; only the main thread hears interrupts."""
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._hold)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Hand back, and raise what was held back and not raised yet."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._since is not None and not (kind and issubclass(kind, KeyboardInterrupt)):
            raise Stopped

    @property
    def came(self) -> bool:
        """Whether an interrupt has come."""
        return self._since is not None

    def pass_on(self) -> None:
        """Raise `Stopped` if an interrupt has come."""
        if self.came:
            raise Stopped

    def _hold(self, *_: object) -> None:
        now = time.monotonic()
        if self._since is None:
            self._since = now
        elif now - self._since > PATIENCE:
            self._since = now
            raise Stopped
