"""Who there is in the network that `record.py` records in, and the ports that are served."""

from __future__ import annotations

INSIDE4 = [f"10.0.0.{host}" for host in range(2, 6)]
INSIDE6 = [f"fd00:1::{host}" for host in range(2, 6)]
OUTSIDE4 = [f"192.168.0.{host}" for host in range(2, 6)]
OUTSIDE6 = [f"fd00:2::{host}" for host in range(2, 6)]
#: Behind the router by its neighbour table, but nobody is there: what is sent to it is lost.
NOBODY4, NOBODY6 = "192.168.0.99", "fd00:2::99"

#: Echo is served over TCP and UDP; on ABORT_PORT a server hangs up with RST, on OPTIONS_PORT it
#: echoes with IPv6 options in every packet.
ECHO_PORT, DNS_PORT, HTTP_PORT, CHAT_PORT, CLOSED_PORT = 7, 53, 80, 5222, 81
ABORT_PORT, OPTIONS_PORT = 5223, 5224

FAMILIES = ((INSIDE4, OUTSIDE4, NOBODY4), (INSIDE6, OUTSIDE6, NOBODY6))
