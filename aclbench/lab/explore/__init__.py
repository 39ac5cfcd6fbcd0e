"""Search over interleavings: is there an order of named steps in which something goes wrong?

A *scenario to explore* is small: packets, commands and jumps of the clock that may go in any order
(`scenario.py`). The engine that replays is run step by step (`actors.py`), from the same state at
rest again and again (`rest.py`), by every list of choices within bounds (`search.py`); a state that
was seen before (`state.py`) is not searched again. What is looked for stands in `properties.py` and
`asking.py`. What is found is cut down (`shortening.py`), printed (`lanes.py`) and saved as a run
(`saving.py`).
"""
