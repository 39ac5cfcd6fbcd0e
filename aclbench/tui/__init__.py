"""The live screen: it reads snapshots, submits commands, and never touches the engine.

`app` is the way in, `player` is time, `screen` puts the regions together; each region has a folder
with its widget and the pure functions that make its text.
"""
