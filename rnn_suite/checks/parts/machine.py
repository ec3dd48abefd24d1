"""Errors that are the machine's, not a library's."""

from __future__ import annotations

import errno

_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


def machine_is_at_fault(error: BaseException) -> bool:
    """Return whether `error` says that memory, disk or file handles ran out."""
    return isinstance(error, MemoryError) or getattr(error, "errno", None) in _NUMBERS
