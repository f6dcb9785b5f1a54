"""Steps of random sequences: none asks an engine for what makes no sense."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from conformance.adapters.reference import Reference

from conformance.draw import ByteSource
from conformance.session import Session
from conformance.specs.sequences import Playground, view


@pytest.mark.parametrize("choices", list(product(range(2), repeat=3)))
def test_a_view_of_an_empty_tensor_takes_no_element(choices):
    ground = Playground(Session(Reference()))
    leaf = ground.session.tensor(np.zeros((0, 2)), requires_grad=True)
    ground.keep(leaf * leaf)

    view(ground, ByteSource(bytes(choices)))

    assert all(x.shape[0] == 0 for x in ground.pool)
