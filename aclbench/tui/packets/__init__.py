"""The packets: which way they went, and what became of them."""
