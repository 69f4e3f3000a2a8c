"""`python -m frcnn` is the command `frcnn`."""

import sys

from frcnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
