"""What every kernel promises about what it is given: the right answer, or an error that names the argument."""
