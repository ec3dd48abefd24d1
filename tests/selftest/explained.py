"""What upstream says of the rules that released libraries break: an issue, a change or an advisory each."""

from __future__ import annotations

EXPLAINED: dict[str, str] = {}
"""By the name of the rule, or of the question and its cell."""
