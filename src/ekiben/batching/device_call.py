"""A function to run once on the device's thread, and the future that waits for it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from ekiben.errors import EkibenError, Internal

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class DeviceCall(Generic[T]):
    """Ends once: by running, by being refused, or by its caller cancelling `future` before either."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.future: Future[T] = Future()
        self._function = function

    def run(self) -> None:
        """Run the function, unless nobody waits for it; raises nothing."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._function()
        except Exception as error:  # noqa: BLE001  # handed to the caller
            self.future.set_exception(error)
        except BaseException as error:  # noqa: BLE001  # raised in an event loop it would end the process
            told = Internal("A call on the device's thread was interrupted.")
            told.__cause__ = error
            self.future.set_exception(told)
        else:
            self.future.set_result(result)

    def refuse(self, error: EkibenError) -> None:
        """End it without running."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)
