"""The machine of the 2017 multicore design, and nothing else.

Sans-I/O: every function that needs the time is given `now`; what it wants done it asks of the
`Host` protocol. Standard library only, and of it nothing that reads a clock, starts a thread or
draws a number.

Read it in this order: `packet`, `session`, `worker`, `main` (what there is), `sessions`,
`datapath` (a packet), `idle_check`, `cleaner` (aging), `machine` (configuration), `invariants`.
"""
