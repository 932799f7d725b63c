"""The command line: options in, one call of a command, lines for people out."""
