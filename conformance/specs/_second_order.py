"""Gradients that can themselves be differentiated, of roots that are not linear in their leaves."""

from __future__ import annotations

from conformance.specs._products import used


def recorded_gradient(session, program, v, place=0, *, create_graph=True):
    """The leaves that a program's square depends on, and its gradient for the one at ``place``."""
    leaves = session.leaves(program)
    root = program(*leaves) ** 2
    reached = used(root, leaves)
    seed = v.like(root)
    (gradient,) = session.gradients([root], [reached[place]], [seed], create_graph=create_graph)
    return reached, gradient
