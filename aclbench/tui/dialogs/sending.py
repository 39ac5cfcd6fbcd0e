"""A packet made by hand: fields for it, and the `send` line they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from aclbench.errors import AclbenchError
from aclbench.tui.dialogs.dialog import ACCEPT, CLOSE, ButtonRow, Dialog, as_typed
from aclbench.tui.dialogs.fields import Choice, Field, Flags, Line
from aclbench.tui.dialogs.interfaces import usable
from aclbench.tui.dialogs.sendform import (
    FLAGS,
    PROTOCOLS,
    SendForm,
    explain_line,
    prefilled,
    reply,
    send_line,
)

if TYPE_CHECKING:
    from aclbench.workbench.views.snapshot import InterfaceView

_NAMES: Final = tuple(field.name for field in fields(SendForm))
#: The part of a packet that a field belongs to; see `SendForm.parts`.
_PART_OF: Final = {
    "number": "number",
    "sport": "ports",
    "dport": "ports",
    "flags": "flags",
    "type": "icmp",
    "code": "icmp",
}
#: What a field says of itself while the focus is in it.
_HINTS: Final = {
    "interface": "where the packet enters: left and right, or the first letter",
    "protocol": "left and right, or the first letter; proto is any other, by its number",
    "number": "the protocol's number in the IP header: 47 is GRE, 50 ESP, 132 SCTP",
    "src": "an IPv4 or IPv6 address; it need not be in the interface's subnet",
    "dst": "an IPv4 or IPv6 address; the longest prefix leads to the way out",
    "sport": "0 to 65535",
    "dport": "0 to 65535",
    "flags": "FIN SYN RST PSH ACK URG ECE CWR: by its letter, or Left, Right and Space",
    "type": "ICMP: 8 asks, 0 answers; ICMPv6: 128 asks, 129 answers",
    "code": "0 to 255",
    "vlan": "a VLAN's number, 0 to 4095; empty: no tag",
    "fragment": "where it begins, in bytes; + if others follow: 0+, 1480; empty: whole",
    "count": "how many such packets, up to 10,000",
    "interval": "time from one packet to the next: 500ms, 10s; empty: all at once",
}


class SendDialog(Dialog[str | None]):
    """Craft a packet. Returns the `send` line, or an `explain` line, or None.

    `form` is what stands in the fields, to be handed to the next dialog as `last`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "explain", "Explain", id="dialog.explain",
                tooltip="Say what would become of the packet, and send none"),
        Binding("f3", "swap", "Reply", id="dialog.swap",
                tooltip="Turn source and destination around: the answer to this packet"),
    ]  # fmt: skip

    def __init__(self, interfaces: Sequence[InterfaceView], last: SendForm | None = None) -> None:
        super().__init__("Send a packet", "Sends a packet into an interface, and says its fate.")
        self._interfaces = usable(interfaces)
        names = [interface.name for interface in self._interfaces]
        if last is not None and last.interface in names:
            self.form = last
        else:
            fresh = replace(last or SendForm(), interface=names[0] if names else "")
            self.form = fresh if last is not None else prefilled(fresh, self._interfaces)
        #: Fields whose text is somebody's own, and is not replaced by what makes sense.
        self._own: set[str] = set() if last is None else {"src", "dst", "dport", "type"}

    # --- fields --------------------------------------------------------------------------------

    def compose_fields(self) -> ComposeResult:
        form = self.form
        names = [interface.name for interface in self._interfaces]
        yield self._field("interface", Choice("interface", names, form.interface))
        yield self._field("protocol", Choice("protocol", PROTOCOLS, form.protocol))
        yield self._text("number", 6)
        with Horizontal(classes="pair"):
            yield self._text("src", 34, "source")
            yield self._text("sport", 7, "port", narrow=True)
        with Horizontal(classes="pair"):
            yield self._text("dst", 34, "destination")
            yield self._text("dport", 7, "port", narrow=True)
        yield self._field("flags", Flags("flags", FLAGS, form.flags), "TCP flags")
        with Horizontal(classes="pair", id="icmp-row"):
            yield self._text("type", 6, "ICMP type")
            yield self._text("code", 6, narrow=True)
        with Horizontal(classes="pair"):
            yield self._text("vlan", 6, "VLAN")
            yield self._text("fragment", 9, narrow=True)
        with Horizontal(classes="pair"):
            yield self._text("count", 6)
            yield self._text("interval", 9, narrow=True)

    def _text(self, name: str, width: int, label: str = "", narrow: bool = False) -> Field:
        control = Line(name, getattr(self.form, name), width)
        return self._field(name, control, label, narrow)

    def _field(self, name: str, control: Widget, label: str = "", narrow: bool = False) -> Field:
        label = label or name
        width = len(label) + 1 if narrow else 14
        return Field(label, control, _HINTS[name], label_width=width)

    def on_mount(self) -> None:
        self._show_parts()

    def _show_parts(self) -> None:
        """Only the fields that such a packet has."""
        parts = self.form.parts
        for name, part in _PART_OF.items():
            field = self.query_one(f"#{name}").parent
            if isinstance(field, Field):
                field.display = part in parts
        self.query_one("#icmp-row").display = "icmp" in parts

    # --- the form ------------------------------------------------------------------------------

    def changed(self, control: Widget) -> None:
        name = control.id or ""
        value = getattr(control, "value", "")
        if name not in _NAMES or value == getattr(self.form, name):
            return
        self.form = replace(self.form, **{name: value.strip()})
        if name in ("interface", "protocol"):
            self._put(prefilled(self.form, self._interfaces, frozenset(self._own)))
        else:
            self._own.add(name)
        self._show_parts()

    def _put(self, form: SendForm) -> None:
        """Have the fields show a form."""
        self.form = form
        for name in _NAMES:
            control = self.query_one(f"#{name}")
            if isinstance(control, Line | Choice | Flags):
                control.value = getattr(form, name)
        self._show_parts()

    # --- what is made of it ----------------------------------------------------------------------

    def buttons(self) -> ButtonRow:
        return (
            ("Send: Enter", ACCEPT),
            ("Explain: F2", "explain"),
            ("Reply: F3", "swap"),
            CLOSE,
        )

    def result(self) -> str:
        return send_line(self.form)

    def line_of(self, result: str | None) -> str:
        return as_typed([result or ""])

    def action_explain(self) -> None:
        try:
            line = explain_line(self.form)
        except AclbenchError as error:
            self.refuse(error)
        else:
            self.dismiss(line)

    def action_swap(self) -> None:
        self._own |= {"src", "dst", "dport", "type"}
        self._put(reply(self.form, self._interfaces))
        self.show_line()
