"""Products of two tracked tensors: results that every engine keeps something for."""

from __future__ import annotations

import numpy as np

from conformance.nodes import ancestors


def tracked_factor(y):
    """A tracked leaf of the shape of ``y``, full of a number that multiplies without rounding."""
    return y.session.tensor(np.full(y.shape, 2.0), requires_grad=True)


def keeping(y):
    """``y`` times a tracked factor: whoever differentiates it must have kept both."""
    return y * tracked_factor(y)


def used(y, leaves):
    """The tracked ones among ``leaves`` that ``y`` depends on."""
    reached = {node.id for node in ancestors([y.entry.node])}
    return [x for x in leaves if x.entry.requires_grad and x.entry.source.id in reached]
