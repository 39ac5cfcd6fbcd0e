"""An interface, and what can be done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.widget import Widget

from aclbench.tui.dialogs.dialog import Dialog, FormError, as_typed
from aclbench.tui.dialogs.fields import Choice, Field
from aclbench.tui.dialogs.picklist import PickList

if TYPE_CHECKING:
    from aclbench.workbench.views.snapshot import InterfaceView

#: VPP's own interface, which carries nothing.
LOCAL: Final = "local0"


@dataclass(frozen=True, slots=True)
class Deed:
    """What can be done, and the lines that do it."""

    label: str
    lines: tuple[str, ...]


def usable(interfaces: Sequence[InterfaceView]) -> list[InterfaceView]:
    """Those that a packet can be sent into, and that a command can name."""
    return [i for i in interfaces if not i.deleted and i.name != LOCAL]


def deeds(interface: InterfaceView) -> list[Deed]:
    """Everything that can be done to an interface as it is now."""
    name = interface.name
    off = [
        (f"take ACL {acl} off its {side}", f"set acl-plugin interface {name} {side} acl {acl} del")
        for side, acls in (("input", interface.input_acls), ("output", interface.output_acls))
        for acl in acls
    ]
    count = interface.sessions
    clears = (
        f"; its {count:,} {'sessions are' if count > 1 else 'session is'} cleared" if count else ""
    )
    found = [Deed(label + (clears if len(off) == 1 else ""), (line,)) for label, line in off]
    if len(off) > 1:
        found.append(Deed(f"take its {len(off)} ACLs off{clears}", tuple(ln for _, ln in off)))
    state = "down" if interface.admin_up else "up"
    dropped = "; its packets are dropped" if interface.admin_up else ""
    found.append(Deed(f"set it {state}{dropped}", (f"set interface state {name} {state}",)))
    deletes = f"delete packet-generator interface {name}"
    found.append(Deed(f"delete it{clears}", (deletes,)))
    return found


class InterfaceDialog(Dialog[list[str] | None]):
    """Take ACLs off an interface, set it up or down, or delete it. Returns the lines, or None."""

    def __init__(self, interfaces: Sequence[InterfaceView]) -> None:
        super().__init__(
            "Interface",
            "Changes an interface. When its last ACL is taken off, or when it is deleted, the "
            "cleaner clears its sessions.",
        )
        self._interfaces = {i.name: i for i in usable(interfaces)}

    def compose_fields(self) -> ComposeResult:
        choice = Choice("interface", tuple(self._interfaces))
        yield Field("interface", choice, "left and right choose the interface")
        yield PickList([deed.label for deed in self._deeds(choice.value)], id="deeds")

    def _deeds(self, name: str) -> list[Deed]:
        return deeds(self._interfaces[name]) if name in self._interfaces else []

    def changed(self, control: Widget) -> None:
        if isinstance(control, Choice):
            labels = [deed.label for deed in self._deeds(control.value)]
            self.query_one("#deeds", PickList).show(labels)

    def result(self) -> list[str]:
        found = self._deeds(self.query_one("#interface", Choice).value)
        index = self.query_one("#deeds", PickList).index
        if index is None:
            raise FormError(
                "this bench has no interface to change; "
                "create packet-generator interface pg0 makes one"
            )
        return list(found[index].lines)

    def line_of(self, result: list[str] | None) -> str:
        return as_typed(result or ())
