"""Property-based conformance tests for automatic-differentiation engines."""

__version__ = "0.1.0"
