"""The norms under the name torch gives them, ``engine.linalg``."""

from conformance.reference.linear import norm, vector_norm

__all__ = ["norm", "vector_norm"]
