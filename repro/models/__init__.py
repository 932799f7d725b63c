"""A model spec in, a Keras model out; what it begins with, noise that can be handed in, and how outputs are scored."""
