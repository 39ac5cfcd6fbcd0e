"""The museum: faults of VPP's history, told and shown. The exhibits are in `designs/exhibits/`."""
