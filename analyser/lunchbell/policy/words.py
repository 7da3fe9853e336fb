"""The words of Lunchbell, the same in code, tables, files and pages (DESIGN.md, section 1)."""

from enum import StrEnum


class Kind(StrEnum):
    """What sort of service it is; rules may speak of kinds instead of single services."""

    SOCIAL_NETWORK = "social_network"
    MICROBLOG = "microblog"
    VIDEO = "video"
    PHOTOS = "photos"
    MESSAGING = "messaging"
    CHAT = "chat"
    FORUM = "forum"
    BLOG = "blog"
    BOOKMARKING = "bookmarking"
    PODCASTS = "podcasts"
    ENCYCLOPAEDIA = "encyclopaedia"


class Activity(StrEnum):
    """What was done."""

    POST = "post"
    COMMENT = "comment"
    MESSAGE = "message"
    EDIT = "edit"
    UPLOAD = "upload"
    CONNECT = "connect"
    REACT = "react"
    DELETE = "delete"
    SIGN_UP = "sign_up"
    SIGN_IN = "sign_in"
    OPEN = "open"
    CONTACT = "contact"
    EMBEDDED = "embedded"


class Evidence(StrEnum):
    """How sure an activity is."""

    PUBLISHED = "published"
    OPENED = "opened"
    CONTACT = "contact"


class Period(StrEnum):
    """The part of the school's day, in the school's own time zone."""

    BEFORE_WORK = "before_work"
    WORK = "work"
    BREAK = "break"
    LUNCH = "lunch"
    AFTER_WORK = "after_work"
    CLOSED = "closed"


class Network(StrEnum):
    """Where the device was: on the school's network, elsewhere, or not known."""

    SCHOOL = "school"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What the policy says of one use."""

    PERMITTED = "permitted"
    APPROVED = "approved"
    NOT_PERMITTED = "not_permitted"
    NOT_COVERED = "not_covered"


class Equipment(StrEnum):
    """Whose device it is."""

    SCHOOL = "school"
    PERSONAL = "personal"


class Audience(StrEnum):
    """Who uses the devices of a group."""

    STAFF = "staff"
    CONTRACTORS = "contractors"
    GOVERNORS = "governors"
    VOLUNTEERS = "volunteers"
    PUPILS = "pupils"
    VISITORS = "visitors"


NEVER_COVERED = frozenset({Audience.PUPILS, Audience.VISITORS})
"""This is a staff-conduct tool: the use of these is never judged."""

PUBLISHING = frozenset({Activity.POST, Activity.COMMENT, Activity.MESSAGE, Activity.EDIT})
"""Text or pictures that others will read were sent or changed."""

NO_USE = frozenset({Activity.CONTACT, Activity.EMBEDDED})
"""Traffic that proves no use by a person."""
