"""Slow readable twins of the kernels, written from the definitions alone.

Each function has the name and the signature of its kernel, without `n_threads`, and loops over windows or profiles in
plain Python. `statistics.mean` and `statistics.stdev` sum in exact rational arithmetic and round once, so what these
twins return is the definition's value to the last bit wherever no comment says otherwise.
"""
