"""How a provider failed: the branch of the tree in app.domain.errors that adapters raise."""

from __future__ import annotations

from typing import ClassVar

from app.domain.errors import PressroomError


class ProviderError(PressroomError):
    """Never raised directly. A provider did not deliver.

    permanent: asking the same again cannot help.
    retry_after_s: seconds that the provider asked us to wait; None if it did not say.
    charged: False when the provider certainly charged nothing, None when it may have.
    status: HTTP status of the reply, None when there was none.
    """

    code = "provider"
    permanent: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        retry_after_s: float | None = None,
        charged: bool | None = False,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.retry_after_s = retry_after_s
        self.charged = charged
        self.status = status


class ProviderBusy(ProviderError):
    """Raised when the provider is rate limited or overloaded."""

    code = "provider_busy"


class ProviderDown(ProviderError):
    """Raised when the provider could not be reached, answered 5xx, or sent what is no reply."""

    code = "provider_down"


class ProviderBlocked(ProviderError):
    """Raised when a safety filter of the provider refused the prompt or the picture."""

    code = "prompt_blocked"
    permanent = True


class ProviderRejected(ProviderError):
    """Raised when the provider says that our request is wrong."""

    code = "provider_rejected"
    permanent = True


class ModelRetired(ProviderError):
    """Raised when the provider does not know the model (any more): change the route."""

    code = "model_retired"
    permanent = True


class ProviderAccount(ProviderError):
    """Raised when the key, the credit or a spending limit stops us: only the operator can mend it."""

    code = "provider_account"
    permanent = True
