"""How Lunchbell says things to people: dates, times, activities, outcomes, clauses. Plain words, no blame."""

from datetime import date, datetime

from lunchbell.policy.rules import Clause, Policy
from lunchbell.policy.words import Activity, Outcome, Period

PERIODS = {
    Period.BEFORE_WORK: "before work",
    Period.WORK: "working time",
    Period.BREAK: "break",
    Period.LUNCH: "lunch",
    Period.AFTER_WORK: "after work",
    Period.CLOSED: "a day without work",
}
ACTIVITIES = {
    Activity.POST: "posting to",
    Activity.COMMENT: "commenting on",
    Activity.MESSAGE: "sending a message on",
    Activity.EDIT: "publishing an edit on",
    Activity.UPLOAD: "uploading to",
    Activity.CONNECT: "connecting with someone on",
    Activity.REACT: "reacting to something on",
    Activity.DELETE: "deleting something on",
    Activity.SIGN_UP: "signing up to",
    Activity.SIGN_IN: "signing in to",
    Activity.OPEN: "opening",
    Activity.CONTACT: "a contact with",
    Activity.EMBEDDED: "a button or picture from",
}
OUTCOMES = {
    Outcome.PERMITTED: "permitted",
    Outcome.APPROVED: "covered by a prior approval",
    Outcome.NOT_PERMITTED: "outside what the policy permits",
    Outcome.NOT_COVERED: "not covered by the policy",
}


def day(value: date) -> str:
    """`Monday 16 November 2026`."""
    return f"{value:%A} {value.day} {value:%B %Y}"


def clock(value: datetime) -> str:
    """`9:05`, `12:20`."""
    return f"{value.hour}:{value:%M}"


def clause_label(clause: Clause) -> str:
    """`clause 401, third point`; a document without numbers is cited by its headings."""
    if not clause.label:
        return f'the part "{clause.heading}"'
    return f"clause {clause.label}" if clause.label[0].isdigit() else f"the {clause.label.lower()}"


def clause_name(clause: Clause) -> str:
    """`clause 401, third point (Personal use ...)`."""
    return f"{clause_label(clause)} ({clause.heading})" if clause.label else clause_label(clause)


def policy_name(policy: Policy) -> str:
    """`Waterville Primary School: Social media policy`."""
    return f"{policy.school}: {policy.title}"
