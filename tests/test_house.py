"""What holds of the repository as a whole: versions, packaging, documents, import directions."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import partial
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import conformance.reference as reference
import pytest

import conformance
from conformance import finding
from conformance._pytest_entry import INI_OPTIONS
from conformance.catalogue import load_specs
from conformance.expectations import Expectations
from conformance.plugin_options import add_options
from conformance.results import Verdict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXTS = (".py", ".md", ".toml", ".txt", ".j2", ".js", ".css", ".json", "")
NEVER = re.compile(
    "|".join(
        (
            r"/w[o]rk/",
            r"\bshared/(?!with)",
            r"py[p]i\.org",
            r"pythonh[o]sted",
            r"this (coding )?ses[s]ion of work",
            r"language m[o]del",
            r"\bTO[D]O\b(?!: say why)",
            r"\bFIX[M]E\b",
        )
    ),
    re.IGNORECASE,
)


def own_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file()]


def test_versions_agree():
    assert SETTINGS["project"]["version"] == conformance.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)[0] == conformance.__version__


def test_constraints_pin_every_direct_requirement():
    project = SETTINGS["project"]
    named = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    pinned = re.findall(r"^([\w-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    wanted = {re.match(r"[\w-]+", requirement)[0] for requirement in named}
    assert wanted - {"tomli"} <= set(pinned)


def test_every_package_is_listed_and_every_data_glob_matches():
    tool = SETTINGS["tool"]["setuptools"]
    folders = {
        name: ROOT / tool["package-dir"].get(name, name.replace(".", "/"))
        for name in tool["packages"]
    }
    held = {
        path.parent
        for name in ("conformance", "reference", "adapters")
        for path in (ROOT / name).rglob("__init__.py")
    }
    assert set(folders.values()) == held
    for package, globs in tool["package-data"].items():
        assert all(list(folders[package].glob(pattern)) for pattern in globs)


def test_readme_lists_exactly_the_options():
    declared: list[str] = []

    class Parser:
        def getgroup(self, *_):
            return self

        def addoption(self, name, **_):
            declared.append(name.removeprefix("--"))

    add_options(Parser())

    rows = re.findall(r"^\| `--([\w-]+)` \| `(\w+)` \|", README, re.MULTILINE)
    assert rows == [(name, f"conformance_{name.replace('-', '_')}") for name in declared]
    assert sorted(ini for _, ini in rows) == sorted(INI_OPTIONS)


def test_readme_explains_every_verdict_and_names_every_adapter():
    explained = re.findall(
        r"^\| ([a-z ]+) \| .*\| (?:yes|no) \|(?: yes)? \|$", README, re.MULTILINE
    )
    assert {name.replace(" ", "_") for name in explained} == {verdict.value for verdict in Verdict}
    assert all(f"`{name}`" in README for name in finding.BUILT_IN)


def test_behaviors_named_in_the_readme_exist():
    ids = set(load_specs())
    areas = {name.partition(".")[0] for name in ids}
    named = re.findall(r"\b([a-z][a-z-]*)\.([a-z0-9]+(?:-[a-z0-9]+)+)\b", README)
    mentioned = {f"{area}.{name}" for area, name in named if area in areas}
    assert mentioned
    assert mentioned <= ids


def fenced(language: str, first_line: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.startswith(first_line))


def test_adapter_of_the_readme_works(monkeypatch):
    engine = ModuleType("myengine")
    vars(engine).update(vars(reference))
    engine.__version__ = "0.3"
    engine.concatenate = reference.cat
    engine.Tensor = partial(reference.tensor, dtype=reference.float32)
    monkeypatch.setitem(sys.modules, "myengine", engine)
    own: dict[str, Any] = {}
    exec(fenced("python", "# mine.py"), own)

    results = conformance.check_conformance(
        own["Mine"], level="core", profile="quick", only="accumulation.*", seed=0
    )

    verdicts = Counter(result.verdict for result in results)
    assert verdicts[Verdict.PASS] > verdicts[Verdict.UNSUPPORTED]
    assert set(verdicts) == {Verdict.PASS, Verdict.UNSUPPORTED}


def test_known_failures_of_the_readme_can_be_read():
    text = fenced("toml", "# known-failures.toml")
    Expectations.parse(text, "the README's example", load_specs())


def test_modules_named_in_the_architecture_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(\w+\.py)`", text):
        assert (ROOT / "conformance" / name).is_file(), name


@pytest.mark.parametrize("name", finding.BUILT_IN)
def test_shipped_expectations_name_behaviors(name):
    Expectations.shipped(name, load_specs())


def test_nothing_names_what_is_not_of_the_project():
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in own_files()
        if path.suffix in TEXTS and path != Path(__file__)
        for line in path.read_text(encoding="utf-8").splitlines()
        if NEVER.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("oracle jets ops conditioning ledger judge", "reference adapters session runner plugin"),
        (
            "report journal report.reading report.matrix_page report.summary",
            "reference adapters session runner oracle specs",
        ),
        ("_pytest_entry", "plugin runner oracle specs reference adapters"),
        ("adapter torch_like functional_like finding", "reference session oracle specs plugin"),
    ],
)
def test_imports_go_one_way(modules, absent):
    code = (
        "import sys\n"
        + "".join(f"import conformance.{name}\n" for name in modules.split())
        + f"print(*sorted(n for n in {absent.split()} if f'conformance.{{n}}' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout.split(), done.stderr) == ([], "")


def test_wheel_holds_the_whole_suite(tmp_path):
    source = tmp_path / "source"  # a copy, because a build leaves its traces beside the sources
    for path in own_files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", str(tmp_path), str(source)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if "No module named pip" in done.stderr or "Cannot import 'setuptools" in done.stderr:
        pytest.skip("pip or setuptools is not installed here")
    assert done.returncode == 0, done.stderr

    (wheel,) = tmp_path.glob("*.whl")
    held = {Path(name) for name in ZipFile(wheel).namelist()}
    expected = {
        Path("conformance", path.relative_to(ROOT / "conformance"))
        for path in own_files()
        if path.is_relative_to(ROOT / "conformance")
    }
    for folder in ("reference", "adapters"):
        modules = [path for path in own_files() if path.is_relative_to(ROOT / folder)]
        expected |= {Path("conformance", path.relative_to(ROOT)) for path in modules}
    assert Path("conformance/py.typed") in expected
    assert expected <= held
    assert {path.parts[0] for path in held} == {
        "conformance",
        f"autograd_conformance-{conformance.__version__}.dist-info",
    }
