"""Known failures: which behaviors an engine is known to break, each with a reason.

Entries never rot in silence: one that no behavior answers to or that has expired is an error, a
behavior that conforms although an entry says it fails is an unexpected pass, and one that fails in
another way than the entry's signature says is a failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from importlib.resources import files
from os import PathLike
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.expectation_reading import ExpectationsError, read_entries

__all__ = ["UNREAD", "Expectation", "Expectations", "ExpectationsError"]

UNREAD = "TODO: say why"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One known failure. ``behavior`` is an id or a glob; an empty field matches anything.

    ``engine`` is a version specifier. ``signature`` says how the behavior fails; ``witness`` is an
    example that shows it, tried before any other. ``operations`` are those that a behavior of
    single operations is known to be broken for. ``place`` names the entry in messages.
    """

    behavior: str
    reason: str
    link: str = ""
    dtype: str = ""
    device: str = ""
    engine: str = ""
    adapter: str = ""
    expires: date | None = None
    signature: str = ""
    witness: bytes | None = None
    operations: tuple[str, ...] = ()
    place: str = field(default="", compare=False)

    def covers(self, behavior: str, dtype: str, device: str) -> bool:
        """Whether this entry speaks of a behavior in a dtype on a device.

        A device named without an index covers every index: ``cuda`` covers ``cuda:1``.
        """
        return (
            fnmatchcase(behavior, self.behavior)
            and self.dtype in ("", dtype)
            and self.device in ("", device, device.partition(":")[0])
        )

    def concerns(self, adapter: str, version: str) -> bool:
        """Whether this entry speaks of an engine in a version.

        Raises:
            ExpectationsError: the engine has no version that could be compared.
        """
        if self.adapter not in ("", adapter):
            return False
        if not self.engine:
            return True
        try:
            return SpecifierSet(self.engine).contains(Version(version), prereleases=True)
        except InvalidVersion:
            raise ExpectationsError(
                f"{self.place}: the version of {adapter} reads {version!r}, which cannot be "
                f"compared with {self.engine!r}; leave `engine` out of `when`"
            ) from None

    @property
    def unread(self) -> bool:
        """Whether nobody has said yet why this failure is known."""
        return self.reason.upper().startswith(UNREAD.partition(":")[0])

    def __str__(self) -> str:
        return f"{self.reason} ({self.link})" if self.link else self.reason


@dataclass(frozen=True, slots=True)
class Expectations:
    """Known failures in order; the first entry that covers a behavior is the one that counts.

    ``replaces_shipped`` says that the file asked for the shipped entries to be left out.
    """

    entries: tuple[Expectation, ...] = ()
    replaces_shipped: bool = False

    @classmethod
    def load(cls, path: str | PathLike[str], known_ids: Iterable[str] = ()) -> Expectations:
        """The known failures in a TOML file, each checked against the ids of the behaviors.

        Raises:
            ExpectationsError: the file cannot be read, or an entry cannot be used.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ExpectationsError(f"cannot read the expectations file {path}: {cause}") from None
        return cls.parse(text, str(path), known_ids)

    @classmethod
    def parse(cls, text: str, origin: str, known_ids: Iterable[str] = ()) -> Expectations:
        """The known failures in the text of a TOML file; ``origin`` names it in messages."""
        shipped, tables = read_entries(text, origin, known_ids)
        return cls(tuple(Expectation(**table) for table in tables), replaces_shipped=not shipped)

    @classmethod
    def shipped(
        cls, adapter: str, known_ids: Iterable[str] = (), *, version: str | None = None
    ) -> Expectations:
        """The known failures this package ships for a built-in adapter; none for any other.

        Those of every version, unless one is given.
        """
        if not adapter.isidentifier():
            return cls()
        file = files(__package__) / "expectations" / f"{adapter}.toml"
        if not file.is_file():
            return cls()
        text = file.read_text(encoding="utf-8")
        found = cls.parse(text, f"the shipped {adapter}.toml", known_ids)
        return found if version is None else found.for_engine(adapter, version)

    def read(self) -> Expectations:
        """These entries, each of which somebody must have given a reason.

        Raises:
            ExpectationsError: an entry still has the reason of those that were just written.
        """
        for entry in self.entries:
            if entry.unread:
                raise ExpectationsError(
                    f"{entry.place}: nobody has said yet why {entry.behavior} fails; "
                    f"write the reason in place of {UNREAD!r}"
                )
        return self

    def over(self, shipped: Expectations) -> Expectations:
        """These entries before the shipped ones, unless they replace them."""
        return (
            self if self.replaces_shipped else replace(self, entries=self.entries + shipped.entries)
        )

    def for_engine(self, adapter: str, version: str) -> Expectations:
        """Only the entries that speak of this adapter and this version of its engine."""
        kept = tuple(entry for entry in self.entries if entry.concerns(adapter, version))
        return replace(self, entries=kept)

    def match(self, behavior_id: str, dtype: str, device: str) -> Expectation | None:
        """The entry that covers a behavior in a dtype on a device, if there is one."""
        return next(
            (entry for entry in self.entries if entry.covers(behavior_id, dtype, device)), None
        )
