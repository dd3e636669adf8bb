"""Python's cyclic garbage collector, kept on the thread that owns the widgets."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_INTERVAL_MS = 250


class GuiThreadCollector(QObject):
    """Collects garbage in the GUI thread and nowhere else, from now until `stop`.

    The interpreter collects in whichever thread happens to allocate. The window parses and saves in
    worker threads: a closed window that is freed there takes its timers and widgets down outside
    their thread, and the process with it (seen with PySide6 6.11: "Timers cannot be stopped from
    another thread", then a segmentation fault in the event loop).

    Thresholds are the interpreter's own. Call it in the GUI thread, after the application is made.
    """

    def __init__(self) -> None:
        super().__init__()
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._collect_what_is_due)
        self._timer.start()

    def stop(self) -> None:
        """Collect once more and give the interpreter back its own ways."""
        self._timer.stop()
        gc.collect()
        if self._was_enabled:
            gc.enable()

    def _collect_what_is_due(self) -> None:
        # Oldest generation first, as the interpreter does: it takes the younger ones along.
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation] > 0:
                gc.collect(generation)
                return
