"""The seed of somebody's own test run: one number, the same in every process of the run."""

from __future__ import annotations

import secrets
from typing import Any
from zlib import crc32

import pytest

__all__ = ["shared_seed"]

_SEED = pytest.StashKey[int]()


def shared_seed(config: pytest.Config) -> int:
    """The seed that the run was given for Hypothesis, else one that all its workers share.

    Without workers, and without ``--hypothesis-seed``, it is drawn once for the run.
    """
    if _SEED not in config.stash:
        config.stash[_SEED] = _seed(config)
    return config.stash[_SEED]


def _seed(config: pytest.Config) -> int:
    given: Any = config.getoption("--hypothesis-seed", None)
    workerinput: dict[str, Any] = getattr(config, "workerinput", {})
    if given is not None:
        return _number(str(given))
    if "testrunuid" in workerinput:  # xdist's name for the run
        return crc32(workerinput["testrunuid"].encode())
    return secrets.randbelow(2**32)


def _number(given: str) -> int:
    """A seed as it was given; Hypothesis takes any text, so text stands for a number here."""
    try:
        return int(given)
    except ValueError:
        return crc32(given.encode())
