"""A plugin for the runs of these tests: a behavior may take two seconds."""

from conformance import runner, timeout

runner.SECONDS_PER_BEHAVIOR = dict.fromkeys(runner.PROFILES, 2.0)
timeout.GRACE = 1.0
