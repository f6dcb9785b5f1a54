"""What a command cannot use: one line that names it, and the exit status of unusable arguments."""

from __future__ import annotations

import click


class RefusalError(click.ClickException):
    """An argument or a file that a command cannot use."""

    exit_code = 2
