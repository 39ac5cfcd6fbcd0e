"""The history of a run: its journal, its checkpoints, its branches."""
