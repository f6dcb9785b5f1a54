"""Finding an adapter by name: built in, installed, in a module, or in a file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path

from conformance.adapter import Adapter, UnusableError, unknown_names

BUILT_IN = {
    "torch": "conformance.adapters.torch:Torch",
    "reference": "conformance.adapters.reference:Reference",
    "micrograd": "conformance.adapters.micrograd:Micrograd",
    "autograd": "conformance.adapters.autograd:Autograd",
}
GROUP = "autograd_conformance.adapters"


def load_adapter(name: str, device: str = "cpu") -> Adapter:
    """The adapter of a name, on a device.

    Args:
        name: a built-in name, an installed entry point of the group
            ``autograd_conformance.adapters``, ``package.module:Class`` or ``path/file.py:Class``.
        device: as the engine names it.

    Raises:
        UnusableError: there is no such adapter, or it cannot be used on this machine.
    """
    found = find_adapter(name)
    slips = unknown_names(found)
    if slips:
        raise UnusableError(
            f"adapter {name!r} has phrases for {', '.join(slips)}, which the suite does not know; "
            "see conformance.adapter.ACTIONS and conformance.ops.OPS for the names"
        )
    adapter = found(device)
    adapter.spoken_name = name
    return adapter


def find_adapter(name: str) -> type[Adapter]:
    """The class of an adapter's name, which :func:`load_adapter` makes an adapter of.

    Raises:
        UnusableError: there is no such adapter, or its module cannot be imported.
    """
    installed = {point.name: point.value for point in entry_points(group=GROUP)}
    path = BUILT_IN.get(name) or installed.get(name) or name
    module_name, colon, attribute = path.rpartition(":")
    if not colon:
        known = [*BUILT_IN, *installed]
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UnusableError(
            f"there is no adapter {name!r}; {hint}known are {', '.join(known)}, "
            "package.module:Class and path/to/file.py:Class"
        )
    try:
        module = _from_file(module_name) if module_name.endswith(".py") else _module(module_name)
    except ImportError as error:
        raise UnusableError(f"adapter {name!r} cannot be imported: {error}") from error
    found = getattr(module, attribute, None)
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        raise UnusableError(f"adapter {name!r}: {attribute} is no subclass of conformance.Adapter")
    return found


def spelled(adapter: type[Adapter]) -> str:
    """How the command line of another process names an adapter class: by its module or its file.

    The file is for modules that this process could import and another could not: a script, or one
    that lies beside the tests in a directory that pytest put on the path.
    """
    module, name = adapter.__module__, adapter.__qualname__
    file = Path(getattr(sys.modules.get(module), "__file__", None) or ".")
    here = (Path.cwd(), Path(sys.prefix))
    found = "." in module or file.parent == here[0] or here[1] in file.parents
    if file.suffix != ".py" or (found and module != "__main__"):
        return f"{module}:{name}"
    return f"{file}:{name}"


def _module(name: str) -> object:
    _look_here()
    return importlib.import_module(name)


def _look_here() -> None:
    """Let engines that lie in the working directory be imported."""
    if not _is_looked_in(Path.cwd()):
        sys.path.insert(0, str(Path.cwd()))


def _look_beside(file: Path) -> None:
    """Let what lies beside a file be imported, unless something else has its name.

    An adapter's file may be named like its engine.
    """
    folder = file.parent.resolve()
    if not _is_looked_in(folder):
        sys.path.append(str(folder))


def _is_looked_in(folder: Path) -> bool:
    return folder in [Path(entry).resolve() for entry in sys.path]


def _from_file(path: str) -> object:
    file = Path(path)
    if not file.is_file():
        raise UnusableError(f"there is no adapter file {path}")
    _look_here()
    _look_beside(file)
    spec = importlib.util.spec_from_file_location(f"conformance_adapter_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
