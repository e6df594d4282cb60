"""Errors that the user can mend."""


class InputError(Exception):
    """Bad input: the message says what was found, what was expected and what to do."""


class UnreadableError(Exception):
    """One item cannot be used; the message is the reason that the manifest lists."""
