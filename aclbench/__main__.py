"""`python -m aclbench`."""

from aclbench.cli import main

main()
