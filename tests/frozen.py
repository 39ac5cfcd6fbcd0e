"""Imported by the server of forked commands, behind all that they need.

What the garbage collector looks through is copied in each fork, and none of it is ever garbage.
"""

import gc

gc.collect()
gc.freeze()
