"""The live screen; it reads snapshots and submits commands, and never touches the engine."""
