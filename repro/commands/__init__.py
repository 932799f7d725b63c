"""One verb a file: the only places that join the other rooms. A command returns a result with its exit code."""
