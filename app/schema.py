"""The metadata of all tables: importing this module registers every model."""

from app.api.idempotency import IdempotencyRecord
from app.auth import models as auth_models
from app.background import models as background_models
from app.imports import models as import_models
from app.mail import models as mail_models
from app.notifications import models as notification_models
from app.storage.installation import Installation
from app.worker.job_runs import JobRun
from billing import models as billing_models
from booking import models as booking_models
from booking.kernel import cursors, deliveries, events, sealing
from booking.kernel.orm import Base
from calendars import models as calendar_models

metadata = Base.metadata

__all__ = [
    "IdempotencyRecord",
    "Installation",
    "JobRun",
    "auth_models",
    "background_models",
    "billing_models",
    "booking_models",
    "calendar_models",
    "cursors",
    "deliveries",
    "events",
    "import_models",
    "mail_models",
    "metadata",
    "notification_models",
    "sealing",
]
