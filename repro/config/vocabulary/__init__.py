"""What a config may name of Keras, and what is checked of it: no TensorFlow is imported here."""
