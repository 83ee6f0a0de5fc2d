# Every target is one call of tools/make.py, which also runs without make: python tools/make.py lab
PYTHON ?= python3
ARGS ?=

.PHONY: help lab test bench notebooks book slides clean reference
help:
	@echo "make lab        open your copy of the course       (ARGS=\"--reset 02\": a fresh notebook;"
	@echo "                in JupyterLab                       ARGS=\"--no-browser --port 8899\")"
	@echo "make test       lint, types, tests, every notebook (ARGS=fast: an answer in two minutes;"
	@echo "                                                    ARGS=\"lint types\": only these steps)"
	@echo "make bench      measure beside snnTorch and others (ARGS=\"lif\": only these)"
	@echo "make notebooks  execute the notebooks again, in place"
	@echo "make book       the web book, into build/book: open its index.html"
	@echo "make slides     slides for a class, into build/slides (ARGS=\"02 07\": only these chapters)"
	@echo "make reference  the API reference, into build/reference"
	@echo "make clean      remove .venv and caches"

lab test bench notebooks book slides clean reference:
	@$(PYTHON) tools/make.py $@ $(ARGS)
