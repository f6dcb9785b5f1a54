"""Training: the loops, losses and tricks that rest on all the rest."""

from __future__ import annotations

from itertools import islice

import numpy as np

from conformance.behavior import CORE, EXTENDED, behavior, doc, note, page
from conformance.expect import expect_grad, expect_leaf, expect_state, expect_value
from conformance.strategies import arrays, booleans, cotangents, integers, lists, sampled

BACKWARD = doc("torch.autograd.backward")
ZERO_GRAD = doc("torch.optim.Optimizer.zero_grad")
DETACH = doc("torch.Tensor.detach")
FREEZING = note("autograd", "setting-requires-grad")
EXAMPLES = page("tutorials/beginner/pytorch_with_examples.html", "tutorial: learning by examples")
CROSS_ENTROPY = doc("torch.nn.CrossEntropyLoss")

SHAPES = ((2,), (), (3,), (2, 2), (1,))
NUMBERS = sampled(1.0, 2.0, -1.0, 3.0, 0.5, -2.0)
WHOLE = sampled(1.0, 2.0, -1.0, 3.0, -2.0, 0.0)
AIMS = lists(NUMBERS, 8, 8)


@behavior(
    "training.linear-regression-closed-form",
    "The gradient of a sum of squared errors of a linear model is twice the data's transpose "
    "times the errors.",
    level=CORE,
    sources=[EXAMPLES],
    given={"data": lists(WHOLE, 6, 6), "weights": lists(WHOLE, 2, 2), "aims": lists(WHOLE, 3, 3)},
    requires=["backward.gives-vector-jacobian-product"],
)
def linear_regression(session, data, weights, aims):
    x, w, aim = np.reshape(data, (3, 2)), np.array(weights), np.array(aims)
    model = session.tensor(w, requires_grad=True)
    errors = session.tensor(x) @ model - session.tensor(aim)
    (errors * errors).sum().backward()

    expect_grad(model, 2.0 * x.T @ (x @ w - aim))


@behavior(
    "training.cross-entropy-is-probabilities-minus-one-hot",
    "The gradient of softmax cross-entropy with respect to the logits is the probabilities minus "
    "the one-hot labels, times the weight of each row's label.",
    level=CORE,
    sources=[CROSS_ENTROPY],
    given={
        "logits": lists(NUMBERS, 6, 6),
        "labels": lists(integers(0, 2), 2, 2),
        "weights": lists(sampled(2.0, 0.5, 1.0, 3.0), 3, 3),
    },
    requires=["detach.result-is-untracked-leaf"],
    examples=0.3,
)
def cross_entropy(session, logits, labels, weights):
    x = session.tensor(np.reshape(logits, (2, 3)), requires_grad=True)
    one_hot = session.tensor(np.eye(3)[labels])
    weight = session.tensor(np.array(weights)[labels, None])
    (-(x.apply("log_softmax", -1) * one_hot * weight).sum()).backward()

    probabilities = x.detach().apply("softmax", -1)
    expect_grad(x, ((probabilities - one_hot) * weight).entry.node)


@behavior(
    "training.micro-batches-equal-large-batch",
    "Passes over the parts of a batch, each part's mean loss weighted by its share, leave the "
    "gradient of one pass over the whole.",
    level=CORE,
    sources=[ZERO_GRAD, BACKWARD],
    given={
        "data": AIMS,
        "aims": AIMS,
        "start": NUMBERS,
        "parts": sampled((1, 1, 2), (2, 2), (4,), (1, 1, 2, 4), (4, 4), (1, 1, 1, 1)),
        "mean": booleans(),
    },
    requires=["accumulation.sums-over-calls"],
)
def micro_batches(session, data, aims, start, parts, mean):
    size = sum(parts)
    samples = iter(zip(data, aims, strict=True))
    w = session.tensor(start, requires_grad=True)
    for count in parts:
        errors = [w * x - aim for x, aim in islice(samples, count)]
        loss = errors[0] * errors[0]
        for error in errors[1:]:
            loss = loss + error * error
        if mean:
            loss = loss * (1.0 / count) * (count / size)
        loss.backward()

    whole = 2.0 * sum(x * (start * x - aim) for x, aim in [*zip(data, aims, strict=True)][:size])
    expect_grad(w, whole / size if mean else whole)


@behavior(
    "training.plain-descent-loop",
    "Descent by hand, with unrecorded updates in place and slots emptied between steps, follows "
    "its closed form.",
    level=CORE,
    sources=[EXAMPLES, FREEZING],
    given={
        "value": arrays(*SHAPES),
        "aim": arrays((4,)),
        "rate": sampled(0.25, 0.5, 1.0),
        "steps": integers(1, 3),
    },
    requires=[
        "accumulation.setting-none-restarts-with-fresh-tensor",
        "modes.no-grad-results-are-untracked",
        "inplace.intermediate-allowed-and-differentiated",
    ],
)
def plain_descent_loop(session, value, aim, rate, steps):
    aim = np.resize(aim, value.shape)
    w = session.tensor(value, requires_grad=True)
    target = session.tensor(aim)
    for _ in range(steps):
        errors = w - target
        loss = (errors * errors).sum() if errors.shape else errors * errors
        loss.backward()
        with session.no_grad():
            w.add_(w.grad * -rate)
        w.grad = None

    expect_value(w, aim + (1.0 - 2.0 * rate) ** steps * (value - aim))
    expect_leaf(w, requires_grad=True)


@behavior(
    "training.zero-grad-resets-to-none",
    "Slots emptied between batches start again from nothing, while gradients taken out of them "
    "keep their values.",
    level=EXTENDED,
    sources=[ZERO_GRAD],
    given={"value": arrays(*SHAPES), "batches": lists(sampled(2.0, -1.0, 3.0), 2, 3)},
    requires=["training.plain-descent-loop"],
)
def zero_grad_resets_to_none(session, value, batches):
    w = session.tensor(value, requires_grad=True)
    held = []
    for factor in batches:
        w.grad = None
        errors = w * factor
        (errors * errors).sum().backward()
        expect_grad(w, 2.0 * factor**2 * value)
        held.append(w.grad)

    for factor, gradient in zip(batches, held, strict=True):
        expect_value(gradient, 2.0 * factor**2 * value)


@behavior(
    "training.frozen-layer-still-passes-gradient",
    "A frozen layer receives nothing itself, yet the layers before it learn; below the first layer "
    "that learns, activations are untracked.",
    level=CORE,
    sources=[FREEZING],
    given={
        "weights": lists(arrays((2, 2)), 3, 3),
        "value": arrays((2,)),
        "v": cotangents(),
        "frozen": lists(booleans(), 3, 3),
    },
    requires=["backward.gives-vector-jacobian-product"],
)
def frozen_layer_still_passes_gradient(session, weights, value, v, frozen):
    layers = [session.tensor(weight, requires_grad=True) for weight in weights]
    for layer, freeze in zip(layers, frozen, strict=True):
        if freeze:
            layer.requires_grad_(False)
    h, learning = session.tensor(value), False
    inputs = []
    for layer, freeze in zip(layers, frozen, strict=True):
        inputs.append(h.true_value)
        h, learning = layer @ h, learning or not freeze
        expect_state(h, requires_grad=learning)
    if learning:
        h.backward(v.like(h))

    back = v(h.shape)
    for layer, weight, x, freeze in reversed([*zip(layers, weights, inputs, frozen, strict=True)]):
        expect_grad(layer, None if freeze else np.outer(back, x))
        back = weight.T @ back


@behavior(
    "training.straight-through-estimator",
    "Adding the detached difference to a rounded value gives the rounded value with the gradient "
    "of the identity.",
    level=CORE,
    sources=[DETACH],
    given={"value": arrays(*SHAPES), "v": cotangents(), "factor": sampled(1.0, 2.0, -1.0)},
    requires=["detach.result-is-untracked-leaf"],
)
def straight_through_estimator(session, value, v, factor):
    x = session.tensor(value, requires_grad=True)
    rounded = session.tensor(np.round(value))
    y = x + (rounded - x).detach()
    expect_value(y, np.round(value))

    z = y * y * factor
    z.backward(v.like(z))
    expect_grad(x, 2.0 * factor * np.round(value) * v(z.shape))


@behavior(
    "training.detach-splits-adversarial-steps",
    "A detached result of the generator trains the critic alone; with the critic frozen the same "
    "result trains the generator alone.",
    level=CORE,
    sources=[DETACH, FREEZING],
    given={"value": arrays(*SHAPES), "noise": AIMS, "judgment": AIMS, "v": cotangents()},
    requires=["accumulation.sums-over-calls", "detach.result-is-untracked-leaf"],
)
def detach_splits_adversarial_steps(session, value, noise, judgment, v):
    noise, judgment = (np.resize(given, value.shape) for given in (noise, judgment))
    generator = session.tensor(value, requires_grad=True)
    critic = session.tensor(judgment, requires_grad=True)
    fake = generator * session.tensor(noise)

    score = critic * fake.detach()
    score.backward(v.like(score))
    expect_grad(critic, value * noise * v(score.shape))
    expect_grad(generator, None)

    critic.requires_grad_(False)
    score = critic * fake
    score.backward(v.like(score))
    expect_grad(critic, value * noise * v(score.shape))
    expect_grad(generator, judgment * noise * v(score.shape))


@behavior(
    "training.truncated-backprop-through-time",
    "A state detached between windows leaves the sum of each window's own gradient.",
    level=CORE,
    sources=[DETACH],
    given={
        "start": NUMBERS,
        "weight": sampled(2.0, -1.0, 1.0, 0.5),
        "inputs": lists(NUMBERS, 4, 4),
        "length": integers(1, 3),
    },
    requires=["accumulation.sums-over-calls", "detach.result-is-untracked-leaf"],
)
def truncated_backpropagation(session, start, weight, inputs, length):
    w = session.tensor(weight, requires_grad=True)
    h, state, slope, total = session.tensor(start), start, 0.0, 0.0
    for step, x in enumerate(inputs, start=1):
        h = h * w + x
        state, slope = state * weight + x, state + weight * slope
        if step % length == 0:
            h.backward()
            h = h.detach()
            total, slope = total + slope, 0.0

    expect_value(h, state)
    expect_grad(w, total)
