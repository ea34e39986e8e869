# Each target is one call of tools/dev, which works without make too.
# make test PYTHON=python3.12 VENV=.cache/py3.12 tries another interpreter.

.PHONY: demo test check lock clean

demo:
	@sh tools/dev demo

test:
	@sh tools/dev test

check:
	@sh tools/dev check

lock:
	@sh tools/dev lock --upgrade

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist src/loadstone/_native
