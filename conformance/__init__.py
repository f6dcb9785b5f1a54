"""Property-based conformance tests for automatic-differentiation engines."""
