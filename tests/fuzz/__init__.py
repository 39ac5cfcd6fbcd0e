"""Inputs from anybody: damaged files of every kind, absurd command lines, bytes typed anywhere."""
