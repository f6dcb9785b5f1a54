"""Planted defects: the reference engine with one decision gone wrong, for the suite to notice.

``python -m tests.defects`` shows how soon each is noticed.
"""
