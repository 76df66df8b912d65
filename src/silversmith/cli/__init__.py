"""The command line: one file a command; `main` finds the file, `guard` decides the exit code."""
