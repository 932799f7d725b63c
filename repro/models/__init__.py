"""A model spec in, a Keras model out; dropout layers whose noise can be handed in."""
