"""Arrays of accuracies in, numbers and verdicts out: pure functions that know no files, configs or TensorFlow."""
