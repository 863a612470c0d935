"""Logs of the compiler, which writes none.  Source: torch._logging."""


def set_logs(**kwargs) -> None:
    """Choose what the compiler reports: nothing to report."""
