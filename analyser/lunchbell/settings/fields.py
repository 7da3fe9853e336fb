"""Kinds of values that several of the school's files share."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from lunchbell.policy import words
from lunchbell.policy.calendar import DAY, Span


class Table(BaseModel):
    """A table of a file: unknown keys are mistakes, and text is never taken for a number or a date."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _network(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError('should be a network in quotes, such as "10.40.1.0/24"')
    try:
        return ip_network(value)
    except ValueError as error:
        raise ValueError(f'is not a network ({error}); write it like "10.40.1.0/24" or "fd40:1::/64"') from None


def _span(value: Any) -> Any:
    try:
        start, end = (_minutes(part) for part in value.split("-"))
    except (AttributeError, ValueError):
        raise ValueError('should be a range of times in quotes, such as "08:30-16:00"') from None
    if start >= end:
        raise ValueError("does not end after it begins; write the earlier time first")
    return (start, end)


def _minutes(text: str) -> int:
    hours, minutes = text.strip().split(":")
    if not (hours.isdigit() and minutes.isdigit() and len(minutes) == 2 and int(minutes) < 60):
        raise ValueError
    total = int(hours) * 60 + int(minutes)
    if total > DAY:
        raise ValueError
    return total


Several = Annotated[list[str], BeforeValidator(_several)]
NetworkValue = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
SpanValue = Annotated[Span, PlainValidator(_span)]

Kind = Annotated[words.Kind, Field(strict=False)]
Activity = Annotated[words.Activity, Field(strict=False)]
Period = Annotated[words.Period, Field(strict=False)]
NetworkWord = Annotated[words.Network, Field(strict=False)]
Outcome = Annotated[words.Outcome, Field(strict=False)]
Equipment = Annotated[words.Equipment, Field(strict=False)]
Audience = Annotated[words.Audience, Field(strict=False)]
