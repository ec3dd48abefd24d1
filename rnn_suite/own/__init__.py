"""A user's own model under the gate: what it is, its data, and how it is trained from seeds."""
