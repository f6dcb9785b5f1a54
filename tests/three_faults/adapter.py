"""How faulty says what the suite asks for."""

from conformance import TorchLike


class Faulty(TorchLike):
    name = "faulty"
    setup = "import faulty"
    module = "faulty"
    version_phrase = "faulty.__version__"
    refusal = "RuntimeError"
    dtypes = {"float64": "float"}
    discrete_dtypes = {}
    ops = {
        "add": "a + b",
        "sub": "a - b",
        "mul": "a * b",
        "div": "a / b",
        "neg": "-a",
        "add_scalar": "a + number",
        "mul_scalar": "a * number",
        "rsub_scalar": "number - a",
        "reciprocal": "a.reciprocal()",
        "exp": "a.exp()",
        "log": "a.log()",
        "tanh": "a.tanh()",
        "relu": "a.relu()",
        "sum": "a.sum()",
        "reshape": "a.reshape(shape)",
    }
    actions = {
        "tensor": "faulty.Tensor(value, requires_grad=requires_grad)",
        "value": "x.data",
        "requires_grad": "x.requires_grad",
        "is_leaf": "x.is_leaf",
        "grad": "x.grad",
        "slot_value": "x.grad.data",
        "set_grad": "x.grad = value",
        "clear_grad": "x.grad = None",
        "backward": "root.backward(cotangent, retain_graph=retain_graph)",
        "detach": "x.detach()",
        "no_grad": "faulty.no_grad()",
        "to_number": "float(x.data)",
    }
