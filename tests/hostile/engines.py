"""Adapters that misbehave: each is the reference's, with something nasty in what it says."""

from __future__ import annotations

from conformance.adapters.reference import Reference

from conformance.torch_like import ACTIONS, OPS

COMMON = """
import os, random, sys, threading, weakref
import numpy

MARKS = "<script>alert(1)</script>\\x1b[31m\\0\\ud800"

class Mute(Exception):
    def __str__(self):
        raise ValueError("no text")

class Unusual(BaseException):
    pass

class Awkward:
    def __bool__(self):
        raise ValueError("neither true nor false")

    def __repr__(self):
        raise ValueError("no repr")

    def __array__(self, *_, **__):
        raise SystemError("no array")

class Talkative:
    def __bool__(self):
        return False

    def __repr__(self):
        return "talk " * 1_000_000

def throw(error):
    raise error

def descend():
    return descend()

def chatter(x):
    for stream in (sys.stdout, sys.stderr):
        stream.write("noise\\n" * 20_000)
    os.write(1, b"noise\\n")
    os.write(2, b"noise\\n")
    return x

def run_forever():
    while True:
        pass

def run_forever_whatever_comes():
    while True:
        try:
            while True:
                pass
        except BaseException:
            if random.random() < 0.5:
                raise

def made_and_overwritten(value, *given, **named):
    made = reference.tensor(value, *given, **named)
    value[...] = 99
    return made

def unsettled(x):
    numpy.seterr(all="raise")
    numpy.random.seed(0)
    random.seed(0)
    return x

def switched_off(x):
    reference.no_grad().__enter__()
    return x

count = [0]

def counted():
    count[0] += 1
    return count[0]

def every_third(x, y):
    return x if counted() % 3 else y

def once(x, y):
    return y if counted() == 5 else x

def throw_once(x):
    return throw(ValueError("only once")) if counted() == 5 else x

class Locked(Exception):
    def __init__(self, text):
        super().__init__(text)
        self.held = [threading.Lock(), lambda: None, (n for n in ())]

class Unreduced(Exception):
    def __reduce_ex__(self, protocol):
        raise ValueError("not to be pickled")

    __reduce__ = __reduce_ex__

Oddly = type("<b>\\x1b[31m</b>", (Exception,), {})

def flood(x):
    text = "noise " * 20 + "\\n"
    for stream in (sys.stdout, sys.stderr):
        stream.write(text * 20_000)
        stream.flush()
    for descriptor in (1, 2):
        os.write(descriptor, text.encode() * 20_000)
    return x

class Unready:
    def __del__(self):
        raise ValueError("not to be deleted")

def in_background(x):
    thread = threading.Thread(target=throw, args=(ValueError("in the background"),))
    thread.start()
    thread.join()
    Unready()
    return x
"""

MEMORY = """
import resource
LIMIT = 5 << 30
resource.setrlimit(resource.RLIMIT_AS, (LIMIT, resource.getrlimit(resource.RLIMIT_AS)[1]))
kept = []

def allocated():
    return numpy.empty(2 << 30, dtype=numpy.uint8)

def touched():
    block = allocated()
    block[::4096] = 1
    return block

def with_spare(x):
    touched() if counted() % 10 == 0 else allocated()
    return x

def holding(x):
    weakref.finalize(x, len, allocated())
    return x

def hoarding(x, made):
    kept.append(made())
    return x

def leaking(x):
    kept.append(numpy.ones(1 << 19))
    return x
"""


def hostile(name: str, more: str = "", **phrases: str) -> type[Reference]:
    """The reference adapter with these phrases instead of its own."""
    return type(
        name,
        (Reference,),
        {
            "name": name.lower(),
            "setup": f"{Reference.setup}\n{COMMON}{more}",
            "ops": {key: phrases.get(key, text) for key, text in OPS.items()},
            "actions": {key: phrases.get(key, text) for key, text in ACTIONS.items()},
        },
    )


VALUE, DETACH = ACTIONS["value"], ACTIONS["detach"]

Mute = hostile("Mute", detach="throw(Mute())")
Unusual = hostile("Unusual", detach="throw(Unusual('odd'))")
Quits = hostile("Quits", detach="sys.exit(3)")
Marks = hostile(
    "Marks", detach="throw(RuntimeError('<script>alert(1)</script>\\x1b[31m\\0\\ud800'))"
)
Verbose = hostile("Verbose", detach="throw(RuntimeError('long ' * 1_000_000))")
Descends = hostile("Descends", detach="descend()")
Says = hostile("Says", detach="'text'")
Nothing = hostile("Nothing", detach="None")
Lists = hostile("Lists", detach="[x]")
Reshaped = hostile("Reshaped", detach=f"{DETACH}[None]")
Narrowed = hostile("Narrowed", detach=f"{DETACH}.to(engine.float16)")
NotANumber = hostile("NotANumber", detach=f"{DETACH} * float('nan')")
Unsteady = hostile("Unsteady", detach="every_third(x.detach(), x)")
Lies = hostile("Lies", requires_grad="False")
LiesAtLength = hostile("LiesAtLength", requires_grad="Talkative()")
Undecided = hostile("Undecided", requires_grad="Awkward()")
ReadsText = hostile("ReadsText", value="'text'")
ReadsNothing = hostile("ReadsNothing", value="None")
ReadsAwkwardly = hostile("ReadsAwkwardly", value="Awkward()")
Chatters = hostile("Chatters", detach=f"chatter({DETACH})")
Overwrites = hostile(
    "Overwrites", tensor=ACTIONS["tensor"].replace("engine.tensor", "made_and_overwritten")
)
Unsettles = hostile("Unsettles", detach=f"unsettled({DETACH})")
SwitchesOff = hostile("SwitchesOff", detach=f"switched_off({DETACH})")
Dies = hostile("Dies", detach="os._exit(7)")
Segfaults = hostile("Segfaults", detach="__import__('ctypes').string_at(0)")
IsKilled = hostile("IsKilled", detach="os.kill(os.getpid(), 9)")
LeavesAsIfDone = hostile("LeavesAsIfDone", detach="os._exit(0)")
NeverReturns = hostile("NeverReturns", detach="sum(range(10**13))")
Hangs = hostile("Hangs", detach="run_forever()")
HangsOn = hostile("HangsOn", detach="run_forever_whatever_comes()")


Locked = hostile("Locked", detach="throw(Locked('held'))")
Unreduced = hostile("Unreduced", detach="throw(Unreduced('whole'))")
Oddly = hostile("Oddly", detach="throw(Oddly('named'))")
Floods = hostile("Floods", detach=f"flood({DETACH})")
FloodsAndFails = hostile("FloodsAndFails", detach=f"flood({DETACH}) * 2")
InBackground = hostile("InBackground", detach=f"in_background({DETACH})")
Random = hostile("Random", detach=f"{DETACH} * random.uniform(2, 3)")
Once = hostile("Once", detach=f"once({DETACH}, {DETACH} * 2)")
ThrowsOnce = hostile("ThrowsOnce", detach=f"throw_once({DETACH})")
Spare = hostile("Spare", MEMORY, detach=f"with_spare({DETACH})")
Holds = hostile("Holds", MEMORY, detach=f"holding({DETACH})")
Reserves = hostile("Reserves", MEMORY, detach=f"hoarding({DETACH}, allocated)")
Hoards = hostile("Hoards", MEMORY, detach=f"hoarding({DETACH}, touched)")
Leaks = hostile("Leaks", MEMORY, detach=f"leaking({DETACH})")


class Unimportable(Reference):
    """Leaves the process as soon as it is made."""

    setup = "import sys; sys.exit(5)"
