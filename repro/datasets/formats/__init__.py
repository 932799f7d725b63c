"""Formats: the verified contents of a data set's files in, its training and test part out. Nothing is read here."""
