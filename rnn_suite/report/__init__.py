"""From verdicts to what a person reads."""
