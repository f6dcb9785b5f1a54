"""The adapter doctor: each phrase of an adapter is tried with a tiny call, before any behavior is.

It tells what is wrong with the adapter. Whether the engine differentiates rightly is for the
behaviors to say.
"""

from __future__ import annotations

from .diagnosis import Absent, Diagnosis, Finding, Untried
from .examination import diagnose

__all__ = ["Absent", "Diagnosis", "Finding", "Untried", "diagnose"]
