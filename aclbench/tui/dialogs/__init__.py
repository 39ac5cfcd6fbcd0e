"""Dialogs: forms that cover the bench and make a command line of what is filled in.

Each says at its top what it will do and at its bottom the line it makes, so that whoever uses them
learns the language. They know nothing of a bench: values go in, lines come out by `dismiss`.
"""

from aclbench.tui.dialogs.askline import AskLine
from aclbench.tui.dialogs.dialog import Dialog, FormError
from aclbench.tui.dialogs.going import GoToDialog, goto_line
from aclbench.tui.dialogs.interfaces import InterfaceDialog
from aclbench.tui.dialogs.menu import Menu, MenuRow
from aclbench.tui.dialogs.opening import OpenDialog
from aclbench.tui.dialogs.searchline import SearchLine
from aclbench.tui.dialogs.sendform import SendForm
from aclbench.tui.dialogs.sending import SendDialog
from aclbench.tui.dialogs.timeouts import TimeoutDialog

__all__ = [
    "AskLine",
    "Dialog",
    "FormError",
    "GoToDialog",
    "InterfaceDialog",
    "Menu",
    "MenuRow",
    "OpenDialog",
    "SearchLine",
    "SendDialog",
    "SendForm",
    "TimeoutDialog",
    "goto_line",
]
