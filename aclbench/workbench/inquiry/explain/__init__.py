"""`explain`: why a packet met its fate, whole, and what would have let it pass.

`packet` explains one of the run, `flow` one that was only asked about, `groups` all that did not
pass, by cause. They have the machine handle
it on a rig of their own, a step at a time, and hear what it looks at (`following`); `assembling`
makes the `tree` of that, and `text` the lines.
"""

from aclbench.workbench.inquiry.explain.connection import explain_connection
from aclbench.workbench.inquiry.explain.finding import PacketName
from aclbench.workbench.inquiry.explain.flow import explain_frame
from aclbench.workbench.inquiry.explain.groups import (
    Groups,
    explain_all,
    reasons_so_far,
    summary,
)
from aclbench.workbench.inquiry.explain.packet import explain_packet
from aclbench.workbench.inquiry.explain.text import (
    connection_text,
    explanation_lines,
    explanation_text,
    groups_text,
    reasons_text,
)
from aclbench.workbench.inquiry.explain.tree import Explanation

__all__ = [
    "Explanation",
    "Groups",
    "PacketName",
    "connection_text",
    "explain_all",
    "explain_connection",
    "explain_frame",
    "explain_packet",
    "explanation_lines",
    "explanation_text",
    "groups_text",
    "reasons_so_far",
    "reasons_text",
    "summary",
]
