"""Frozen values made from engine and driver: what faces read."""
