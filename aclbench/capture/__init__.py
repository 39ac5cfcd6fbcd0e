"""Bytes in, packets out: read captures, decode them in batches, steer, craft, write.

`reader` gives batches of raw frames, which `pcap` and `pcapng` find in the bytes that `stream`
reads; `links` knows what stands before the IP header; `decoding` makes parallel `columns` of a
batch, of common `shapes` all at once, with the hashes of their `flows`; `sequence` makes one stream
of several captures, `steering` says which interface each packet enters, `guess` finds the inside of
a capture that comes alone (by `openers`, `sides`, `covering`), `duplicates` notices packets that
were captured twice, `craft` and `fields` are for single packets, `writer` and `pcapng_writer` write
captures. `synth` generates the traffic that `traffic` describes, with headers from `compose`.
"""
