"""faulty: define-by-run differentiation of NumPy arrays, with three faults.

1. A pass puts its gradient into a leaf's slot instead of adding it to what is there.
2. The hyperbolic tangent's derivative is one minus its value, which was not squared.
3. A detached tensor still knows what it was computed from.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager

import numpy as np

__version__ = "0.3.0"


class Mode(threading.local):
    """What each thread starts with."""

    recording = True


_mode = Mode()


@contextmanager
def no_grad():
    before, _mode.recording = _mode.recording, False
    try:
        yield
    finally:
        _mode.recording = before


class Tensor:
    """An array, and how to pull a gradient back from it to what it was computed from."""

    def __init__(self, data, requires_grad=False, parents=(), pull=None):
        self.data = np.array(data, dtype=np.float64)
        self.requires_grad = requires_grad
        self.parents = parents
        self.pull = pull
        self.freed = False
        self.grad = None

    @property
    def is_leaf(self):
        return not (self.requires_grad and self.parents)

    def __add__(self, other):
        other = lift(other)
        return record(self.data + other.data, (self, other), lambda g: (g, g))

    def __sub__(self, other):
        other = lift(other)
        return record(self.data - other.data, (self, other), lambda g: (g, -g))

    def __rsub__(self, other):
        return lift(other) - self

    def __mul__(self, other):
        other = lift(other)
        return record(
            self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data)
        )

    def __truediv__(self, other):
        return self * other.reciprocal()

    def __neg__(self):
        return record(-self.data, (self,), lambda g: (-g,))

    def reciprocal(self):
        out = 1.0 / self.data
        return record(out, (self,), lambda g: (-g * out * out,))

    def exp(self):
        out = np.exp(self.data)
        return record(out, (self,), lambda g: (g * out,))

    def log(self):
        return record(np.log(self.data), (self,), lambda g: (g / self.data,))

    def tanh(self):
        out = np.tanh(self.data)
        return record(out, (self,), lambda g: (g * (1.0 - out),))

    def relu(self):
        return record(np.maximum(self.data, 0.0), (self,), lambda g: (g * (self.data > 0.0),))

    def sum(self):
        return record(self.data.sum(), (self,), lambda g: (np.broadcast_to(g, self.data.shape),))

    def reshape(self, shape):
        return record(self.data.reshape(shape), (self,), lambda g: (g.reshape(self.data.shape),))

    def detach(self):
        return Tensor(self.data, self.requires_grad, (self,), lambda g: (g,))

    def backward(self, cotangent=None, retain_graph=False):
        if not self.requires_grad:
            raise RuntimeError("nothing here requires a gradient")
        if cotangent is None and self.data.size != 1:
            raise RuntimeError("only a tensor of one element has an implied cotangent")
        start = np.ones_like(self.data) if cotangent is None else cotangent.data
        if start.shape != self.data.shape:
            raise RuntimeError(f"the cotangent has shape {start.shape}, not {self.data.shape}")
        order = in_order(self)
        if any(tensor.freed for tensor in order):
            raise RuntimeError("the graph was freed by an earlier pass: ask for retain_graph")
        gradients = {id(self): start}
        for tensor in reversed(order):
            if tensor.is_leaf:
                tensor.grad = Tensor(gradients[id(tensor)])
                continue
            for parent, part in zip(
                tensor.parents, tensor.pull(gradients[id(tensor)]), strict=True
            ):
                if parent.requires_grad:
                    known = gradients.get(id(parent), 0.0)
                    gradients[id(parent)] = known + fit(part, parent.data.shape)
            tensor.freed = not retain_graph


def lift(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def record(data, parents, pull):
    if _mode.recording and any(parent.requires_grad for parent in parents):
        return Tensor(data, True, parents, pull)
    return Tensor(data)


def fit(gradient, shape):
    """Sum a gradient over the axes along which its operand was stretched."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(
        axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis] != 1
    )
    return gradient.sum(axis=stretched, keepdims=True)


def in_order(root):
    """The tracked tensors that the root was computed from, each after its parents."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        tensor, ready = stack.pop()
        if ready:
            order.append(tensor)
        elif tensor.requires_grad and id(tensor) not in seen:
            seen.add(id(tensor))
            stack += [(tensor, True), *((parent, False) for parent in tensor.parents)]
    return order
