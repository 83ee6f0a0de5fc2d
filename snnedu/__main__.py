"""`python -m snnedu`: the same as the command `snnedu`."""

import sys

from snnedu.app.cli import main

sys.exit(main())
