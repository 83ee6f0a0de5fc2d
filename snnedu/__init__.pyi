# The public names, one line for each module. `__init__.py` reads this file to load them on first use.

__version__: str
