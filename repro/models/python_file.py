"""Functions in a Python file beside the config, read, verified and called. Imported in workers only."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from repro.config.experiment import PythonCall
from repro.config.schema import AnyExperiment, Experiment, PythonFunction
from repro.errors import ConfigError, DataError, one_line, shown, suggest
from repro.files import sha256

if TYPE_CHECKING:
    import keras


def python_model(experiment: Experiment, spec: PythonFunction, folder: Path) -> keras.Model:
    """What the function of a `python:` model returns.

    folder: where the config is.

    Raises what `called` raises, and ConfigError where the function returns no Keras model.
    """
    import keras

    model = called(experiment, spec, folder)
    if not isinstance(model, keras.Model):
        raise ConfigError(f"{folder / spec.file}: expected a keras.Model from {spec.function}, got {kind_of(model)}")
    return model


def called(experiment: AnyExperiment, spec: PythonCall, folder: Path, *given: object) -> Any:
    """What the function that an experiment names returns for `given` and its own arguments.

    Raises DataError where the file is not what it was when the config was read; ConfigError where it can't be
    executed, has no such function, or this raises.
    """
    path = folder / spec.file
    module = _module(path, _verified(path, experiment.files.get(spec.file)))
    function = getattr(module, spec.function, None)
    if not callable(function):
        own = [name for name, each in vars(module).items() if callable(each) and not name.startswith("_")]
        raise ConfigError(f"{path}: expected a function {spec.function!r}, got none; {suggest(spec.function, own)}")
    return _called(path, f"{spec.function}({_written(spec.arguments)})", lambda: function(*given, **spec.arguments))


def kind_of(value: object) -> str:
    """The type of a value, in words."""
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")


def _verified(path: Path, expected: str | None) -> bytes:
    """The file's content."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected the file that the config names, but {error.strerror}") from error
    found = sha256(content)
    if found != expected:
        raise DataError(
            f"{path}: has changed since the config was read (SHA-256 {expected}, now {found}); run it again"
        )
    return content


def _module(path: Path, content: bytes) -> ModuleType:
    """The file, executed as a module of a name that nothing else has; nothing is written beside it.

    It is executed for every model: what one build leaves in its globals is not there in the next.
    """
    module = ModuleType(f"repro_python_model_{sha256(content)[:16]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where dataclasses and typing look up the names in annotations

    def execute() -> None:
        exec(compile(content, str(path), "exec", dont_inherit=True), vars(module))

    _called(path, "the file", execute)
    return module


def _called(path: Path, what: str, function: Callable[[], Any]) -> Any:
    """The function's result; what it raises becomes a ConfigError of one line, with the line of the file."""
    try:
        return function()
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # code of the user's own may raise anything, SystemExit too
        line = _line(path, error)
        said = one_line(f"{type(error).__name__}: {error}".partition("Arguments received by")[0])
        raise ConfigError(f"{path}{line}: {what} raises {said}") from error


def _line(path: Path, error: BaseException) -> str:
    """`:LINE` of the last place in the file that the error came through."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f":{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f":{lines[-1]}" if lines else ""


def _written(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in arguments.items())
