"""`explain`: why a packet met its fate, whole, and what would have let it pass.

`past` explains a packet of the run, `would` one that was only asked about; both put together the
tree of `tree`, which `text` makes lines of.
"""

from aclbench.workbench.inquiry.explain.finding import PacketName
from aclbench.workbench.inquiry.explain.past import explain_packet
from aclbench.workbench.inquiry.explain.text import WIDTH, explanation_text
from aclbench.workbench.inquiry.explain.tree import Explanation
from aclbench.workbench.inquiry.explain.would import Flow, explain_flow

__all__ = [
    "WIDTH",
    "Explanation",
    "Flow",
    "PacketName",
    "explain_flow",
    "explain_packet",
    "explanation_text",
]
