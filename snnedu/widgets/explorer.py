"""`Explorer`: controls over a model, panels that answer. One declaration, two engines.

    Explorer("leaky", [Slider("beta", 0, 1, 0.01, value=0.9)], [Traces("mem", spikes="spk")])

*Browser engine*: the model is the name of a built-in one (`snnedu.widgets.models`). The browser
simulates and draws without the kernel, so it also works in a page that has none: in exported HTML
the stored picture becomes live.
*Kernel engine*: the model is any function of the controls that returns a dict of arrays. The kernel
simulates, the browser draws; while a slider is dragged, only the latest value counts.
"""

import inspect
import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anywidget
import numpy as np
import torch
import traitlets

from snnedu.core import _check
from snnedu.core.translation import translated, translated_script
from snnedu.viz import notebook_output
from snnedu.viz.style import COLORS, COLORS_ON_DARK, canvas_script
from snnedu.widgets.models import BUILT_IN
from snnedu.widgets.panels import (
    Array,
    Choice,
    Outputs,
    Panel,
    Slider,
    Value,
    draw,
    fill,
    localized,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Model = Callable[..., Mapping[str, Any]]
HERE = Path(__file__).parent
ACCENT = f".snnedu {{ --accent: light-dark({COLORS[0]}, {COLORS_ON_DARK[0]}); }}\n"
MOST_NUMBERS = 2_000_000  # more than any screen can show, and slow to send


class Explorer(anywidget.AnyWidget):
    """Controls over `model`, drawn as `panels`; see the top of this file.

    `model`: a name of a built-in model, or a function of the settings that returns a dict of
    arrays, numbers and texts: what panels and templates may name.
    `controls`: `Slider`s and `Choice`s, each named like an argument of the model.
    `constants`: further arguments, which stay as they are.
    `outcome`, `code`, `alt`: templates with `{names}` of controls and outputs: the line under the
    panels, the code to copy, the description for readers who do not see the picture.
    `predict`: a question. Until the learner has answered, the controls are locked, and only the
    panels are shown that are declared as `given`. With `options` it is a multiple choice; options
    that are a dict {option: reply} answer back, and `right` names the one that is right.
    `guess` is an answer given earlier; `on_guess` is called with a new one, to keep it.
    `still`: settings of the stored picture as long as there is no answer, where the first ones
    would give it away.
    `columns`: panels side by side where there is room.

    `values` has the settings (set it to move the controls), `guess` the learner's prediction. Each
    control is a trait of its own as well, so that `ipywidgets.jslink((slider, "value"), (explorer,
    "beta"))` links them; a name that an `Explorer` needs itself has a "_" after it: `code_`.
    """

    _esm = canvas_script() + "".join(
        (HERE / name).read_text("utf-8") for name in ("models.js", "explorer.js")
    )
    _css = ACCENT + (HERE / "explorer.css").read_text("utf-8")
    _spec = traitlets.Dict().tag(sync=True)
    _result = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    guess = traitlets.Unicode("").tag(sync=True)
    _fed = False  # whether results come from a loop, which a Stop button ends

    def __init__(
        self,
        model: str | Model,
        controls: Sequence[Slider | Choice],
        panels: Sequence[Panel],
        *,
        constants: Mapping[str, Any] | None = None,
        title: str = "",
        outcome: str = "",
        code: str = "",
        alt: str = "",
        predict: str = "",
        options: Sequence[str] | Mapping[str, str] = (),
        right: str = "",
        guess: str = "",
        on_guess: Callable[[str], object] | None = None,
        still: Mapping[str, Value] | None = None,
        columns: int = 1,
    ) -> None:
        if isinstance(model, str):
            _check.one_of("model", model, BUILT_IN)
        elif not callable(model):
            raise TypeError(
                f"`model` must be the name of a built-in model or a function. Received "
                f"{type(model).__name__}. Pass the function itself: `f`, not `f()`."
            )
        _check_parts("controls", controls, (Slider, Choice), 'Slider("beta", 0, 1)')
        _check_parts("panels", panels, Panel, 'Curve("x", "y")')
        self.controls = controls = [localized(control) for control in controls]
        self.panels = panels = [localized(panel) for panel in panels]
        self.title, self.columns = translated(title), columns
        self._function: Model = BUILT_IN[model] if isinstance(model, str) else model
        self._constants = self._complete(model, constants or {})
        self.code = code or self._call(model)
        self.outcome = translated(outcome)
        self.alt = translated(alt) or self._describe()
        self._esm = translated_script(self._esm)
        start = {control.name: control.value for control in controls}
        self._add_controls()
        spec = {
            "stop": self._fed,
            "model": model if isinstance(model, str) else None,
            "constants": self._constants if isinstance(model, str) else {},
            "controls": [
                {**control.describe(), "trait": trait}
                for trait, control in zip(self._linked, controls, strict=True)
            ],
            "panels": [panel.describe() for panel in panels],
            "title": self.title,
            "outcome": self.outcome,
            "code": self.code,
            "alt": self.alt,
            "columns": columns,
            **_question(predict, options, right),
        }
        waits = self._fed or isinstance(model, str)
        first = {} if waits else {**self._try(start), "values": start}
        # All at once: a front end may draw what it hears first.
        super().__init__(values=start, guess=guess, _spec=spec, _result=first)
        self._still = self._settings(still) if still and predict else {}
        self.on_msg(self._on_message)
        if on_guess:
            self.observe(lambda change: on_guess(change["new"]), names="guess")

    def run(self, **settings: Value) -> dict[str, Array | str]:
        """Return what the model gives at `settings` (the others as they are), once checked."""
        arguments = {**self._constants, **self._settings(settings)}
        outputs = _clean(self._function(**arguments))
        for panel in self.panels:
            panel.check({**arguments, **outputs})
        return outputs

    def figure(self, **settings: Value) -> "Figure":
        """Draw the panels at `settings` with matplotlib: for print and slides."""
        return self._draw(self._known(settings))

    def describe(self, **settings: Value) -> str:
        """Return the picture at `settings` in words."""
        return fill(self.alt, self._known(settings), self.controls)

    def extremes(self) -> Iterator[dict[str, Value]]:
        """Yield the settings to test: as it starts, and every corner of the controls."""
        yield {control.name: cast("Value", control.value) for control in self.controls}
        names = [control.name for control in self.controls]
        for corner in product(*(control.extremes() for control in self.controls)):
            yield dict(zip(names, corner, strict=True))

    def __repr__(self) -> str:
        now = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        called = f"{type(self).__name__}({now})"
        error = str(self._result.get("error", ""))
        return f"{called} failed: {error}" if error else called

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add a picture and its alt text, for viewers without a kernel: GitHub, print."""
        data, metadata = super()._repr_mimebundle_() or ({}, {})
        try:
            known = self._known({} if self.guess else self._still)
        except Exception:  # the widget itself shows the error
            return data, metadata
        alt = fill(self.alt, known, self.controls)
        picture, width = notebook_output.picture(self._draw(known))
        still, described = notebook_output.bundle(picture, alt, width, self._live())
        return {**still, **data}, {**metadata, **described}

    def _live(self) -> str:
        """Return a script that makes a built-in model live in a page without kernel or manager."""
        if self._spec["model"] is None:
            return ""
        state = {"_spec": self._spec, "values": self.values, "guess": self.guess}
        code = (
            notebook_output.compact(self._esm)
            .replace("export default { render };", "")
            .replace("\nexport ", "\n")
        )
        start = f"standAlone(figure, {json.dumps(state)}, {json.dumps(self._css)});"
        script = (
            f"(() => {{ const figure = document.currentScript.parentElement;\n{code}{start} }})()"
        )
        return script.replace("</", "<\\/")

    def _known(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return all that templates and panels may name: constants, settings and outputs."""
        now = self._settings(settings)
        return {**self._constants, **now, **self.run(**now)}

    def _draw(self, known: Mapping[str, Any]) -> "Figure":
        set_to = ", ".join(f"{c.label or c.name} = {{{c.name}}}" for c in self.controls)
        heading = ": ".join(filter(None, [self.title, set_to]))
        title = fill(f"{heading}\n{self.outcome}".strip(), known, self.controls)
        return draw(self.panels, known, self.columns, title)

    def _complete(self, model: str | Model, constants: Mapping[str, Any]) -> dict[str, Any]:
        """Return every argument that no control sets; check the names of all."""
        chosen = {control.name for control in self.controls}
        wanted = inspect.signature(self._function).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in wanted.values()):
            for name in (*chosen, *constants):
                _check.one_of("control or constant", name, wanted)
        defaults = {name: p.default for name, p in wanted.items() if isinstance(model, str)}
        return {k: v for k, v in {**defaults, **constants}.items() if k not in chosen}

    def _call(self, model: str | Model) -> str:
        """Return a template for the call of the learner's own function."""
        name = getattr(model, "__name__", "")
        if not name.isidentifier() or not self.controls:  # built in, or a lambda
            return ""
        settings = ", ".join(f"{control.name}={{{control.name}}}" for control in self.controls)
        return f"{name}({settings})"

    def _describe(self) -> str:
        set_to = ", ".join(f"{c.label or c.name} = {{{c.name}}}" for c in self.controls)
        shown = ", ".join(filter(None, (panel.title or panel.ylabel for panel in self.panels)))
        parts = [
            self.title,
            shown and f"{translated('Panels:')} {shown}",
            set_to and f"{translated('At')} {set_to}",
            self.outcome,
        ]
        return ". ".join(part.rstrip(".") for part in parts if part) + "."

    def _settings(self, settings: Mapping[str, Any]) -> dict[str, Value]:
        """Return all settings: those given, checked, and the others as they are."""
        for name in settings:
            _check.one_of("setting", name, [control.name for control in self.controls])
        now = {**self.values, **settings}
        return {control.name: control.clean(now.get(control.name)) for control in self.controls}

    def _add_controls(self) -> None:
        """Add a trait for each control, which follows `values` and is followed by it."""
        taken = set(dir(type(self))) | set(vars(self))
        names = [control.name for control in self.controls]
        self._linked = {name + "_" * (name in taken): name for name in names}
        values = zip(self._linked, (control.value for control in self.controls), strict=True)
        self.add_traits(**{trait: traitlets.Any(value).tag(sync=True) for trait, value in values})
        for trait in self._linked:
            self.observe(self._follow_control, names=trait)
        self.observe(self._follow_values, names="values")

    def _follow_control(self, change: Mapping[str, Any]) -> None:
        self.values = {**self.values, self._linked[change["name"]]: change["new"]}

    def _follow_values(self, change: Mapping[str, Any]) -> None:
        for trait, name in self._linked.items():
            setattr(self, trait, change["new"][name])

    @traitlets.validate("values")
    def _validate_values(self, proposal: Mapping[str, Any]) -> dict[str, Value]:
        return self._settings(proposal["value"])

    def _on_message(self, _: Any, message: Mapping[str, Any], buffers: Any) -> None:
        if message.get("kind") == "run":
            result = self._try_or_stop(message["values"])
            self.send({"view": message["view"], **result, "buffers": []}, result.get("buffers"))

    def _try_or_stop(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Answer also when a learner stops the kernel; no cell is running that could end."""
        gradients = torch.is_grad_enabled()
        try:
            return self._try(settings)
        except KeyboardInterrupt:
            torch.set_grad_enabled(gradients)
            return {"error": translated("Stopped. Move a control to run it again.")}

    def _try(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Run the model; return its outputs ready to send, or what went wrong."""
        try:
            return pack(self.run(**settings))
        except Exception as error:  # shown in the widget, which keeps working
            return {"error": _explain(error, self._function)}


def pack(outputs: Outputs) -> dict[str, Any]:
    """Return outputs as the browser takes them: shapes and texts, and raw float32 beside them."""
    arrays = {name: array for name, array in outputs.items() if not isinstance(array, str)}
    return {
        "arrays": [[name, list(array.shape)] for name, array in arrays.items()],
        "buffers": [array.tobytes() for array in arrays.values()],
        "texts": {name: text for name, text in outputs.items() if isinstance(text, str)},
    }


def _check_parts(name: str, parts: Sequence[object], kinds: Any, example: str) -> None:
    for part in parts:
        if not isinstance(part, kinds):
            raise TypeError(
                f"`{name}` must be a list of {name}. Received {type(part).__name__} in it. "
                f"Write `[{example}]`: the controls come before the panels."
            )


def _question(
    predict: str, options: Sequence[str] | Mapping[str, str], right: str
) -> dict[str, Any]:
    """Return the question as the browser takes it, once checked."""
    if options and not predict:
        raise ValueError(
            f"`options` answer the question in `predict`. Received {list(options)} and no "
            f"question. Write predict='What happens if …?'."
        )
    if right:
        _check.one_of("right", right, options)
    replies = dict(options) if isinstance(options, Mapping) else {}
    return {"predict": predict, "options": list(options), "replies": replies, "right": right}


def _clean(result: object) -> dict[str, Array | str]:
    """Return what a model gave as float32 arrays and texts; raise where it cannot be shown."""
    if not isinstance(result, Mapping):
        raise TypeError(
            f"The function must return a dict of arrays. Received {type(result).__name__}. "
            f'End it with `return {{"mem": mem, "spk": spk}}`, for example.'
        )
    outputs = {str(name): _numbers(str(name), value) for name, value in result.items()}
    size = sum(array.size for array in outputs.values() if not isinstance(array, str))
    if size > MOST_NUMBERS:
        raise ValueError(
            f"The function may return {MOST_NUMBERS:,} numbers at most. Received {size:,}. "
            f"Return fewer neurons, or every tenth time step: mem[::10]."
        )
    return outputs


def _numbers(name: str, value: Any) -> Array | str:
    if isinstance(value, str):
        return value
    try:
        value = value.detach().cpu() if hasattr(value, "detach") else value
        with np.errstate(over="ignore"):  # an overflow is inf, and answered below
            array = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"The output {name!r} must be an array of numbers. Received {type(value).__name__}. "
            f"Return a tensor, a NumPy array or a list of equal-length lists. ({error})"
        ) from error
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise ValueError(
            f"The output {name!r} must be finite. Received {array.reshape(-1)[wrong[0]]} first at "
            f"element {wrong[0]}, {wrong.size} of {array.size} in all. Look for a division by zero "
            f"or a value that grows at every step."
        )
    return array


def _explain(error: Exception, function: Model) -> str:
    """Return the message and, for the learner's own lines, where it happened."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    own = [at for at in traceback.extract_tb(error.__traceback__) if at.filename == file]
    where = f"\nline {own[-1].lineno}: {own[-1].line}" if own else ""
    return f"{type(error).__name__}: {error}{where}"
