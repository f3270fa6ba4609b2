"""`datapackage.json` (Frictionless Data Package) and the page's schema.org/Dataset: every column and code list described."""

from collections.abc import Mapping
from typing import Any

from schemas.directory import (
    CHANGE_KINDS,
    CHANGE_TITLES,
    COLUMNS,
    DIRECTORY_KEY,
    Column,
    level_titles,
)
from schemas.submission import AUDIENCES
from tasks.gateways.shelf.content import EditionContent
from tasks.gateways.shelf.manifest import json_bytes, sha256

DATAPACKAGE = "datapackage.json"
_PROFILE = "tabular-data-resource"
_OF_KIND = {
    "levels": "职业等级代码，从低到高以逗号分隔，见 levels",
    "audiences": "服务对象代码，以分号分隔，见 audiences",
    "type": "代码见 institution_types",
    "region": "代码见 regions",
}


def datapackage(content: EditionContent, files: Mapping[str, bytes]) -> bytes:
    """The description of the edition's tables, whose bytes are among `files`."""
    office = content.office
    described: dict[str, Any] = {
        "profile": "tabular-data-package",
        "name": f"directory-{content.name}",
        "title": content.title,
        "description": f"依据 {content.policy.document} 编制，版次 {content.name}，截至 {content.as_of.isoformat()}。",
        "version": content.name,
        "created": f"{content.as_of.isoformat()}T00:00:00Z",
        "contributors": [
            {"title": office.authority, "role": "publisher", **({"email": office.email} if office.email else {})}
        ],
        "contact": {key: value for key, value in _contact(content).items() if value},
    }
    if office.website:
        described["homepage"] = office.website
    if office.licence:
        described["licenses"] = [_licence(office.licence)]
    described["resources"] = [
        _table("directory", "备案目录", "directory.csv", files, _directory_schema()),
        _table("changes", "与上一版相比的变更", "changes.csv", files, _changes_schema()),
        *(_codes(name, title, codes) for name, (title, codes) in _code_lists(content).items()),
    ]
    return json_bytes(described)


def dataset(content: EditionContent) -> dict[str, Any]:
    """The same for search engines, as schema.org puts it."""
    office = content.office
    files = {"directory.csv": "text/csv", "directory.json": "application/json", "directory.xlsx": _XLSX}
    described = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": content.title,
        "description": f"依据 {content.policy.document} 备案的职业技能等级认定评价机构，截至 {content.as_of.isoformat()}。",
        "version": content.name,
        "dateModified": content.as_of.isoformat(),
        "inLanguage": "zh-CN",
        "isAccessibleForFree": True,
        "creator": {"@type": "GovernmentOrganization", "name": office.authority},
        "distribution": [
            {"@type": "DataDownload", "contentUrl": f"{office.website}{file}", "encodingFormat": kind}
            for file, kind in files.items()
        ],
    }
    return described | {key: value for key, value in (("license", office.licence), ("url", office.website)) if value}


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _contact(content: EditionContent) -> dict[str, str]:
    office = content.office
    return {
        "name": office.name,
        "contact": office.contact,
        "phone": office.phone,
        "address": office.address,
        "email": office.email,
    }


def _licence(text: str) -> dict[str, str]:
    return (
        {"path": text, "title": text} if text.startswith(("http://", "https://")) else {"name": "office", "title": text}
    )


def _table(name: str, title: str, file: str, files: Mapping[str, bytes], schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "type": "table",
        "profile": _PROFILE,
        "path": file,
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "bytes": len(files[file]),
        "hash": f"sha256:{sha256(files[file])}",
        "schema": schema,
    }


def _directory_schema() -> dict[str, Any]:
    return {
        "fields": [_field(column) for column in COLUMNS],
        "missingValues": [""],
        "foreignKeys": [
            _refers("institution_type", "institution_types"),
            _refers("region_code", "regions"),
        ],
    }


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {} if column.optional else {"required": True}
    described = _OF_KIND.get(column.kind, "")
    if column.name in DIRECTORY_KEY:
        described = "与其余两列一起标明一行：uscc、occupation_code、work_type"
    return {
        "name": column.name,
        "title": column.title,
        "type": "date" if column.kind == "date" else "string",
        **({"description": described} if described else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def _changes_schema() -> dict[str, Any]:
    fields = [
        {
            "name": name,
            "title": title,
            "type": "string",
            **({"constraints": {"required": True}} if name == "change" else {}),
        }
        for name, title in CHANGE_TITLES.items()
    ]
    return {"fields": fields, "missingValues": [""], "foreignKeys": [_refers("change", "change_kinds")]}


def _refers(field: str, resource: str) -> dict[str, Any]:
    return {"fields": [field], "reference": {"resource": resource, "fields": ["code"]}}


def _code_lists(content: EditionContent) -> dict[str, tuple[str, dict[str, str]]]:
    """Every list of codes: its title, and codes with their words; codes in use that the policy does not know are named too."""
    used = {
        name: {code: code for code in sorted(set(content.listed[name]))} for name in ("institution_type", "region_code")
    }
    return {
        "institution_types": ("机构类型", {**used["institution_type"], **content.type_titles}),
        "regions": ("所属区划", {**used["region_code"], **content.region_names}),
        "levels": ("职业等级", level_titles(content.policy)),
        "audiences": ("服务对象", dict(AUDIENCES)),
        "change_kinds": ("变更类型", dict(CHANGE_KINDS)),
    }


def _codes(name: str, title: str, codes: Mapping[str, str]) -> dict[str, Any]:
    fields = [{"name": "code", "title": "代码", "type": "string"}, {"name": "title", "title": title, "type": "string"}]
    return {
        "name": name,
        "title": title,
        "type": "table",
        "profile": _PROFILE,
        "format": "inline",
        "data": [{"code": code, "title": word} for code, word in codes.items()],
        "schema": {"fields": fields, "primaryKey": ["code"]},
    }
