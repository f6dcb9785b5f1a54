"""A plugin for the runs of these tests: a behavior may take two seconds."""

from conformance import runner

runner.SECONDS_PER_BEHAVIOR = dict.fromkeys(runner.PROFILES, 2.0)
