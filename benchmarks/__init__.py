"""Speed of the suite and of the reference engine, beside peers, measured in one run."""
