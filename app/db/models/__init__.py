"""Every table, by noun: accounts (who), work (what is made), money (what it cost), budgets (how much), schedules (when)."""

from app.db.models.accounts import ApiKey, Brand, IdempotencyKey, QuotaEntry, QuotaMonth, User
from app.db.models.base import Base
from app.db.models.budgets import Alert, AlertDelivery, Budget, BudgetEntry, BudgetMonth
from app.db.models.money import CachedPicture, Call, CallSum, ExchangeRate, Unstored
from app.db.models.schedules import Schedule, ScheduleItem, ScheduleSlot
from app.db.models.work import Event, Notification, Piece, Run, WebhookAttempt

__all__ = [
    "Alert",
    "AlertDelivery",
    "ApiKey",
    "Base",
    "Brand",
    "Budget",
    "BudgetEntry",
    "BudgetMonth",
    "CachedPicture",
    "Call",
    "CallSum",
    "Event",
    "ExchangeRate",
    "IdempotencyKey",
    "Notification",
    "Piece",
    "QuotaEntry",
    "QuotaMonth",
    "Run",
    "Schedule",
    "ScheduleItem",
    "ScheduleSlot",
    "Unstored",
    "User",
    "WebhookAttempt",
]
