"""What rules are made of: models, numbers, processes that several of them share."""
