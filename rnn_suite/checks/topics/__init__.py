"""Rules: a file a topic; files whose names begin with _ hold rules of a topic that would be too long."""
