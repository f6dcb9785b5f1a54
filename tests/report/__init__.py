"""Tests of the report: as data, as a page in a browser, and in a terminal."""
