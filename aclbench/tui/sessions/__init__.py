"""All sessions of the bench: sorted, and searched by address, port, class, worker."""
