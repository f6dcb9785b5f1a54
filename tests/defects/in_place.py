"""Defects in writing in place and in version checks."""

from __future__ import annotations

from conformance.reference import (
    graph,
    inplace,
    modes,
    reverse,
    tensors,
    views,
)  # fmt: skip

from .defect import EASY, HARD, MEDIUM, VERY_HARD, Defect, method, patched, sharing, together


def _own_version(real):
    def detach(tensor):
        result = real(tensor)
        result.version = tensors.Version()
        result.version.count = tensor.version.count
        return result

    return detach


def _unchecked_output(real):
    def unpack(kept, node):
        kept.version, version = tensors.Version(), kept.version
        kept.version.count = kept.expected
        try:
            return real(kept, node)
        finally:
            kept.version = version

    return unpack


def _unchecked_second_order():
    depth = []

    def run(real):
        def wrapped(request):
            depth.append(None)
            try:
                return real(request)
            finally:
                depth.pop()

        return wrapped

    def init(real):
        def wrapped(kept, tensor):
            real(kept, tensor)
            kept.expected = None if depth else kept.expected

        return wrapped

    def check(real):
        return lambda node, version, expected: (
            None if expected is None else real(node, version, expected)
        )

    return together(
        patched(reverse, "run", run),
        patched(graph.SavedInput, "__init__", init),
        patched(graph, "check_version", check),
    )


def _allow_leaf(real):
    def check_target(target):
        with modes.GradMode(False):
            real(target)

    return check_target


def _refuse_leaf(real):
    def check_target(target):
        with modes.GradMode(True):
            real(target)

    return check_target


def _alias_snapshot(real):
    def snapshot(tensor):
        copy = real(tensor)
        copy.array = tensor.array
        return copy

    return snapshot


def _second_write_unnoticed(real):
    def bump(target):
        if target.version.count < 1:
            real(target)

    return bump


def _zero_keeps_history(real):
    def copy_(x, source):
        if source.array.ndim == 0 or not source.requires_grad:
            before = x.node
            real(x, source)
            if before is not None and x.view_of is None:
                x.node = before
            return x
        return real(x, source)

    return copy_


def _check_early(real):
    def store(target, result):
        if target.node is not None and target.node.saved and modes.is_grad_enabled():
            raise graph.ModifiedSavedTensorError("the tensor is saved")
        real(target, result)

    return store


def _silent_cast(real):
    return lambda target, result: None


DEFECTS = (
    Defect(
        "C04",
        "A detached tensor gets a copy of the version counter instead of sharing it.",
        HARD,
        "detach.mutation-is-noticed-by-the-graph",
        method("detach", _own_version),
    ),
    Defect(
        "C06",
        "The version of saved results is not checked, only that of saved operands.",
        HARD,
        "inplace.saved-result-mutated-raises",
        patched(graph.SavedOutput, "unpack", _unchecked_output),
    ),
    Defect(
        "C08",
        "What a pass saves for a second derivative is not checked for modification.",
        VERY_HARD,
        "inplace.recorded-pass-keeps-values-too",
        sharing(_unchecked_second_order),
    ),
    Defect(
        "C10",
        "A tracked leaf may be overwritten while recording.",
        MEDIUM,
        "inplace.tracked-leaf-raises",
        patched(inplace, "check_target", _allow_leaf),
    ),
    Defect(
        "C12",
        "A tracked leaf may not be updated with recording off either.",
        MEDIUM,
        "modes.no-grad-in-place-on-leaf",
        patched(inplace, "check_target", _refuse_leaf),
    ),
    Defect(
        "C14",
        "A tensor multiplied in place by itself is saved after the write instead of before.",
        HARD,
        "inplace.agrees-with-functional-form",
        patched(inplace, "snapshot", _alias_snapshot),
    ),
    Defect(
        "C22",
        "Writing into an intermediate is not recorded.",
        MEDIUM,
        "inplace.intermediate-allowed-and-differentiated",
        patched(views, "rebase", lambda real: lambda target, written: None),
    ),
    Defect(
        "X13",
        "Only the first write into a memory is counted.",
        VERY_HARD,
        "inplace.saved-operand-mutated-raises",
        patched(inplace, "bump", _second_write_unnoticed),
    ),
    Defect(
        "X15",
        "Overwriting with constants leaves the old value's gradient flowing.",
        HARD,
        "inplace.agrees-with-functional-form",
        patched(inplace, "copy_", _zero_keeps_history),
    ),
    Defect(
        "X16",
        "Writing into a result that its own operation saved is refused at once.",
        HARD,
        "inplace.agrees-with-functional-form",
        patched(inplace, "store", _check_early),
    ),
    Defect(
        "X17",
        "Writing floats into integers cuts them off silently.",
        EASY,
        "inplace.target-shape-and-dtype-fixed",
        patched(inplace, "check_castable", _silent_cast),
    ),
)
