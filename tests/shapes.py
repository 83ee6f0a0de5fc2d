"""The type checker of the run that checks shapes: an int is a float, as type checkers have it."""

from beartype import BeartypeConf, beartype

typechecker = beartype(conf=BeartypeConf(is_pep484_tower=True))
