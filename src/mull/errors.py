"""Errors a user can meet. Each message is one line that says what to do."""


class MullError(Exception):
    """Base of every error mull raises on purpose; the command line prints it in one line."""


class CheckpointError(MullError):
    """A model folder, file or hub name cannot be used."""


class Unsupported(MullError):
    """An engine or server cannot do what was asked of it."""


class Unreachable(MullError):
    """No server answers any more; what was asked of it may be asked again later."""


class ModelError(MullError):
    """What a model computes is no number."""


class OutOfPages(MullError):
    """A chain cannot fit into the engine's memory, even alone."""
