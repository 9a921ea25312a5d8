"""Every table, by noun: accounts (who), work (what is made), money (what it cost), schedules (when)."""

from app.db.models.accounts import ApiKey, Brand, IdempotencyKey, QuotaEntry, QuotaMonth, User
from app.db.models.base import Base
from app.db.models.money import CachedPicture, Call, Unstored
from app.db.models.schedules import Schedule, ScheduleItem, ScheduleSlot
from app.db.models.work import Event, Notification, Piece, Run

__all__ = [
    "ApiKey",
    "Base",
    "Brand",
    "CachedPicture",
    "Call",
    "Event",
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
]
