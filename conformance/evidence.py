"""Evidence: what a report rests on, as digests that anybody can compute again."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from dataclasses import astuple
from hashlib import sha256

from conformance.behavior import Behavior
from conformance.expectations import Expectations


def catalogue_digest(behaviors: Iterable[Behavior]) -> str:
    """SHA-256, in hex, of every behavior's words, sources and code, in the order of their ids."""
    told = [
        [
            one.id,
            one.statement,
            one.level.value,
            [[source.title, source.url] for source in one.sources],
            list(one.requires),
            list(one.dtypes),
            one.per_operation,
            one.examples,
            inspect.getsource(one.run),
        ]
        for one in sorted(behaviors, key=lambda one: one.id)
    ]
    return _digest(told)


def expectations_digest(expectations: Expectations) -> str:
    """SHA-256, in hex, of the known failures of a run, whatever files they stand in."""
    return _digest(sorted(repr(astuple(entry)[:-1]) for entry in expectations.entries))


def _digest(data: object) -> str:
    return sha256(json.dumps(data, ensure_ascii=False).encode()).hexdigest()
