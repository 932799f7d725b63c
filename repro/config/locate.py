"""Where configuration files are: in a source checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from repro.config.schema import NAME
from repro.errors import ConfigError, shown, suggest

_PACKAGE = Path(__file__).resolve().parents[1]


def configs_folder() -> Path:
    """`configs/` of the source checkout, or the copy that a wheel carries. Raises ConfigError if there is neither."""
    checkout = _PACKAGE.parent / "configs"
    bundled = _PACKAGE / "_bundled" / "configs"
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    if bundled.is_dir():
        return bundled
    raise ConfigError(f"expected the configs folder at {checkout} or {bundled}, found neither; install repro again")


def experiment_files(folder: Path) -> list[Path]:
    """The experiments of a folder: its own `*.yaml` files, sorted by name."""
    return sorted(path for path in folder.glob("*.yaml") if path.is_file())


def find_config(given: str) -> Path:
    """The file that a user means: a path, or the name of a shipped experiment, bare or as `configs/NAME.yaml`.

    Raises ConfigError saying where it looked.
    """
    path = Path(given)
    if _is_file(path):
        return path
    name = path.stem if path.suffix == ".yaml" else path.name
    named = path.parent in (Path(), Path("configs")) and NAME.fullmatch(name)
    folder = configs_folder()
    if named and _is_file(folder / f"{name}.yaml"):
        return folder / f"{name}.yaml"
    known = [each.stem for each in experiment_files(folder)]
    looked = f"no such file, nor an experiment in {folder}"
    raise ConfigError(f"expected a config, got {shown(given)}: {looked}; {suggest(name, known)}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL in it
        return False
