"""aclbench's own commands."""
