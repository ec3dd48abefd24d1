"""Searches for hyperparameters; the only room that imports Keras Tuner."""
