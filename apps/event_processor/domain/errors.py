"""What can go wrong here."""

from chassis import AppError


class UnknownEvent(AppError):
    code, status, title, fault = "events.unknown", 404, "There is no such event", "client"


class VersionConflict(AppError):
    code, status, title, fault = "events.version-conflict", 409, "The stream is at another version", "client"


class ForeignType(AppError):
    code, status, title, fault = "events.foreign-type", 422, "That type of event is another service's", "client"


class UnknownQuarantined(AppError):
    code, status, title, fault = "events.unknown-quarantined", 404, "There is nothing like that in quarantine", "client"


class UnknownLetter(AppError):
    code, status, title, fault = "events.unknown-dead-letter", 404, "There is no such dead letter", "client"


class LetterBusy(AppError):
    code, status, title, fault = "events.dead-letter-busy", 409, "This dead letter is being brought", "client"


class NotSubscribed(AppError):
    code, status, title, fault = "events.not-subscribed", 422, "That consumer does not hear these events", "client"


class Unreadable(AppError):
    code, status, title, fault = "events.unreadable-dead-letter", 422, "This dead letter is no event", "client"


class UnknownProjection(AppError):
    code, status, title, fault = "events.unknown-projection", 404, "There is no such projection", "client"


class TooManyProjections(AppError):
    code, status, title, fault = "events.too-many-projections", 409, "There are too many projections", "client"


class UnknownSubscription(AppError):
    code, status, title, fault = "events.unknown-subscription", 404, "There is no such subscription", "client"


class TooManySubscriptions(AppError):
    code, status, title, fault = "events.too-many-subscriptions", 409, "There are too many subscriptions", "client"


class UnknownTrigger(AppError):
    code, status, title, fault = "events.unknown-trigger", 404, "There is no such trigger", "client"


class TooManyTriggers(AppError):
    code, status, title, fault = "events.too-many-triggers", 409, "There are too many triggers", "client"


class EndlessTrigger(AppError):
    code, status, title, fault = "events.endless-trigger", 422, "That trigger would fire on what it tells", "client"


class UnknownRule(AppError):
    code, status, title, fault = "events.unknown-retention", 404, "There is no such rule of retention", "client"


class TooManyRules(AppError):
    code, status, title, fault = "events.too-many-retentions", 409, "There are too many rules of retention", "client"


class LogIncomplete(AppError):
    code, status, title, fault = "events.log-incomplete", 409, "Some of these events were dropped", "client"


class TooManyReaders(AppError):
    code, status, title, fault = "events.too-many-readers", 503, "Too many readers wait for events", "platform"


class UnknownType(AppError):
    code, status, title, fault = "events.unknown-type", 404, "There is no such type of event", "client"
