"""Scenario, driver, history, commands and snapshots: the one object that all faces hold."""
