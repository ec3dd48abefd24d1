"""Old against new on one machine: pairs of fresh processes, one in each environment."""
