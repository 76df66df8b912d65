"""`python -m silversmith`: the command line."""

from silversmith.cli.main import run

if __name__ == "__main__":
    run()
