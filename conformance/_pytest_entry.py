"""Registers the pytest plugin only when the suite was asked for."""
