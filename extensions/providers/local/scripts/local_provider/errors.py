"""The one exception of the provider. It becomes the answer `ok: false`."""


class ProviderError(Exception):
    """REQUIRES: message says what happened, hint what to type or change next."""

    def __init__(self, code, message, hint, retryable=False):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.retryable = retryable

    def answer(self):
        error = {"code": self.code, "message": self.message, "hint": self.hint, "retryable": self.retryable}
        return {"ok": False, "error": error}
