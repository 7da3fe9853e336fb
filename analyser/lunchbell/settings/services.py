"""Reads the catalogue: `config/services/*.toml` and `config/software/*.toml`."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, PlainValidator
from tldextract import TLDExtract

from lunchbell.policy.hosts import host_of
from lunchbell.policy.patterns import RequestPattern, Wanted
from lunchbell.policy.services import Service
from lunchbell.settings import toml
from lunchbell.settings.fields import Activity, Kind, Several, Table
from lunchbell.settings.problems import Problems, one_of


def _wanted(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    values = [value] if isinstance(value, str) else value
    if not (isinstance(values, list) and values and all(isinstance(v, str) for v in values)):
        raise ValueError("should be text, a list of texts, true (present) or false (absent)")
    return tuple(values)


Predicates = dict[str, Annotated[Wanted, PlainValidator(_wanted)]]


class RequestTable(Table):
    """`[[requests]]`: which request is which activity (the language: `lunchbell.policy.patterns`)."""

    activity: Activity
    path: Several
    method: Several = ["POST"]
    host: Several = []
    query: Predicates = {}
    form: Predicates = {}
    params: Predicates = {}
    json_: Predicates = Field(default={}, alias="json")
    operation: Several = []

    def pattern(self) -> RequestPattern:
        """The same for the core."""
        return RequestPattern(
            activity=self.activity,
            path=tuple(self.path),
            method=tuple(self.method),
            host=tuple(self.host),
            query=self.query,
            form=self.form,
            params=self.params,
            json=self.json_,
            operation=tuple(self.operation),
        )


class SoftwareFile(Table):
    """`config/software/<id>.toml`: software that many hosts run."""

    id: str
    name: str
    kind: Kind
    source: Several
    checked: date
    requests: list[RequestTable] = []
    publishing_unseen: list[Activity] = []
    upload_publishes: bool = False


class ServiceFile(SoftwareFile):
    """`config/services/<id>.toml`: one service."""

    domains: list[str]
    not_domains: list[str] = []
    software: str = ""


File = TypeVar("File", bound=SoftwareFile)


def read_software(folder: Path, problems: Problems) -> dict[str, SoftwareFile | None]:
    """Software by id; None for a file with a mistake, which has been reported: what names it is not at fault."""
    return dict.fromkeys(ids_in(folder)) | {f.id: f for f in _read_all(folder, SoftwareFile, problems)}


def ids_in(folder: Path) -> list[str]:
    """What the files of a folder are named after."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_services(folder: Path, software: Mapping[str, SoftwareFile | None], problems: Problems) -> list[Service]:
    """The catalogue's services; every mistake in every file is reported."""
    services = []
    owners: dict[str, str] = {}
    suffixes = _suffixes()
    for file in _read_all(folder, ServiceFile, problems):
        name = f"services/{file.id}.toml"
        for domain in (*file.domains, *file.not_domains):
            if owner := owners.get(domain):
                problems.error(name, "domains", domain, f"{owner} has this domain too; keep it in one file")
            owners[domain] = name
            known = suffixes(domain)
            if host_of(domain) != domain or not (known.suffix and known.domain):
                problems.error(name, "domains", domain, "is not a registrable domain or a host below one; correct it")
        requests = list(file.requests)
        if file.software:
            if shared := software.get(file.software):
                requests += shared.requests
            elif file.software not in software:
                problems.error(name, "software", file.software, one_of(file.software, software, "software"))
        if not (requests or file.publishing_unseen or file.software):
            problems.error(name, "requests", None, "give request patterns, or say publishing_unseen")
        services.append(
            Service(
                id=file.id,
                name=file.name,
                kind=file.kind,
                domains=tuple(file.domains),
                not_domains=tuple(file.not_domains),
                requests=tuple(r.pattern() for r in requests),
                publishing_unseen=frozenset(file.publishing_unseen),
                upload_publishes=file.upload_publishes,
            )
        )
    return services


@cache
def _suffixes() -> TLDExtract:
    """The bundled list of public suffixes; it is never looked for on the network."""
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def local_service(host: str, software: SoftwareFile) -> Service:
    """Software that the school or others run on a host of their own; its id is the software's."""
    return Service(
        id=software.id,
        name=software.name,
        kind=software.kind,
        domains=(host_of(host),),
        requests=tuple(r.pattern() for r in software.requests),
        publishing_unseen=frozenset(software.publishing_unseen),
        upload_publishes=software.upload_publishes,
    )


def _read_all(folder: Path, model: type[File], problems: Problems) -> list[File]:
    files = []
    for path in sorted(folder.glob("*.toml")):
        name = f"{folder.name}/{path.name}"
        if file := toml.read(path, model, problems, name):
            if file.id != path.stem:
                problems.error(name, "id", file.id, f'should be "{path.stem}", as the file is named')
            files.append(file)
    return files
