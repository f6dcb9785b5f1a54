"""``python -m tests.defects``: how soon each planted defect is noticed, and by what."""

from __future__ import annotations

import sys

from .reporting import main

sys.exit(main())
