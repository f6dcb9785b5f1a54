"""The norms under the name torch gives them, ``engine.linalg``."""

from .linear import norm, vector_norm

__all__ = ["norm", "vector_norm"]
