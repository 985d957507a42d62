"""The keys of the canvas and of the queue of approvals, as their lists of shortcuts and docs/guide/keyboard.md have them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orchcamp.web.shortcuts import Section, Shortcut

CANVAS = (
    Section(
        _("Go about"),
        (
            Shortcut(("←", "→", "↑", "↓"), _("go from node to node")),
            Shortcut(("Enter",), _("open the node in the panel")),
            Shortcut(("Esc",), _("let go of the selection, close the panel")),
        ),
    ),
    Section(
        _("Look"),
        (
            Shortcut(("+", "−"), _("closer, farther")),
            Shortcut(("0",), _("fit the whole canvas")),
            Shortcut(("1",), _("life size")),
            Shortcut(("M",), _("show or hide the map")),
            Shortcut(("Wheel",), _("move up and down; with Shift to the side")),
            Shortcut(("Ctrl+Wheel",), _("closer, farther at the pointer; so do two fingers")),
            Shortcut(("Drag",), _("move the view, on empty ground")),
            Shortcut(("Space+Drag",), _("move the view from anywhere; so does the middle button")),
        ),
    ),
    Section(
        _("Select"),
        (
            Shortcut(("Shift+Click", "Shift+Enter"), _("add a node to the selection, or take it out")),
            Shortcut(("Shift+Drag",), _("select what lies in a box")),
            Shortcut(("Shift+Arrow",), _("go on to the next node and select it too")),
            Shortcut(("S",), _("switch to selecting with plain clicks and drags, and back")),
            Shortcut(("Ctrl+A",), _("select every node")),
        ),
    ),
    Section(
        _("Change what is selected"),
        (
            Shortcut(("Ctrl+C", "Ctrl+X"), _("copy, cut")),
            Shortcut(("Ctrl+V",), _("paste behind what is selected, else on its own")),
            Shortcut(("Ctrl+D",), _("duplicate")),
            Shortcut(("Delete", "Backspace"), _("remove; asks once if something hangs behind it")),
            Shortcut(("Shift+Delete",), _("remove with everything behind it")),
            Shortcut(("F2", "Double-click"), _("rename")),
            Shortcut(("D",), _("disable or enable")),
            Shortcut(("B",), _("set or take away a breakpoint")),
            Shortcut(("Ctrl+Z",), _("undo")),
            Shortcut(("Ctrl+Shift+Z",), _("redo")),
        ),
    ),
    Section(
        _("Drag"),
        (
            Shortcut(("Drag",), _("an activity from the palette, or a node, to a line, an output or a node")),
            Shortcut(("Alt+Drag",), _("a node with everything that follows it")),
            Shortcut(("Drag",), _("an output to a node: a transition; its arrow elsewhere: another target")),
            Shortcut(("Esc",), _("give up what is being dragged")),
        ),
    ),
)

QUEUE = (
    Section(
        _("Requests for approval"),
        (
            Shortcut(("J", "↓"), _("go to the next request")),
            Shortcut(("K", "↑"), _("go to the previous request")),
            Shortcut(("Enter",), _("open the request, or close it")),
            Shortcut(("A",), _("approve the open request")),
            Shortcut(("M",), _("approve it with a message")),
            Shortcut(("B",), _("send it back: say what must change")),
            Shortcut(("G",), _("give it to somebody else")),
            Shortcut(("W",), _("withdraw what you asked for")),
            Shortcut(("X",), _("tick the request, to approve several together")),
            Shortcut(("Esc",), _("put away the form that is open")),
        ),
    ),
)
