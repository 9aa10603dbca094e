"""Exceptions that gasquake raises beside the built-in ones."""


class InternalError(RuntimeError):
    """A defect of gasquake itself, caught before it could harm the interpreter. Please report it."""


class ConfigError(ValueError):
    """A study's configuration asks for what does not exist or contradicts itself."""
