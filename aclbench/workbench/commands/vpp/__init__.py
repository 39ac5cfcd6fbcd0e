"""VPP's own commands."""
