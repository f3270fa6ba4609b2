"""Made names, addresses and telephones as they look in Huangshi; they belong to nobody, and likeness is chance."""

from random import Random

from deployments.sample.trades import ENTERPRISE_TRADES, PUBLIC_TRADES, SCHOOL_TRADES, Trade

TRADES: dict[str, tuple[Trade, ...]] = {
    "enterprise": ENTERPRISE_TRADES,
    "technical_school": SCHOOL_TRADES,
    "social_organisation": PUBLIC_TRADES,
}

#: Streets and the place word by region code.
STREETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "420202": ("黄石市黄石港区", ("湖滨大道", "颐阳路", "杭州东路", "天津路", "南京路", "交通路")),
    "420203": ("黄石市西塞山区", ("黄石大道", "八泉街", "磁湖东路", "澄月街", "飞云街")),
    "420204": ("黄石市下陆区", ("下陆大道", "杭州西路", "发展大道", "团城山大泉路", "新下陆街")),
    "420205": ("黄石市铁山区", ("铁山大道", "矿山路", "建设路", "木栏路")),
    "420222": ("阳新县", ("兴国镇兴国大道", "兴国镇陵园大道", "城东新区桃花泉路", "富池镇沿江路", "白沙镇工业路")),
    "420281": ("大冶市", ("东风路", "新冶大道", "金湖大道", "罗家桥街道港湖路", "灵乡镇工业大道", "还地桥镇锦冶路")),
    "HS-KFQ": ("黄石市经济技术开发区", ("金山大道", "百花路", "圣明路", "大棋大道", "鹏程大道")),
    "HS-XG": ("黄石市新港物流园区", ("新港大道", "韦源口镇海口路", "海虹路")),
}

_BRAND_FIRST = "鑫楚恒泰盛华金宏瑞鼎博远东方中兴磁湖西塞铜都江城富川汇丰启润科诚信德天成"
_BRAND_SECOND = "源达鹏益升隆通利和安祥瑞翔茂康宇晟昌旭辉能创胜盈阳峰林海"
_SURNAMES = "王李张刘陈杨黄吴徐周胡程石柯余汪曹马朱卢潘明邹董熊尹方罗彭饶阮欧"
_GIVEN = "建国志强丽华文军海燕秀英晓峰俊杰思远雨婷永红玉兰家豪春梅立新子涵学勤光明向阳美玲振宇凤霞"
_RARE = ("欧阳䶮", "阿依古丽·买买提", "司马堃", "喆雅·扎西")

_FORMS = {
    "enterprise": (
        "有限公司",
        "有限公司",
        "有限责任公司",
        "股份有限公司",
        "有限责任公司",
        "科技有限公司",
        "（集团）有限公司",
    ),
    "social_organisation": ("职业培训学校", "职业技能培训学校", "职业培训中心", "行业协会"),
}
_SCHOOL_KINDS = {2: "技师学院", 3: "高级技工学校", 4: "技工学校"}

#: By the number of an institution and for its type.
_AWKWARD: dict[int, tuple[str, str]] = {
    4: ("enterprise", "黄石“磁湖”A·B智能装备（集团）有限公司"),
    9: (
        "enterprise",
        "湖北鄂东南有色冶金矿山机械设备设计制造安装检修工程技术服务有限责任公司（原大冶第三矿务机修总厂）",
    ),
    12: ("social_organisation", "大冶市匠心·百工职业技能培训学校（民办非企业单位）"),
}


def person(rng: Random) -> str:
    """A person's name of two or three characters; seldom one with a rare character or a middle dot."""
    if rng.random() < 0.004:  # noqa: PLR2004  a few in a thousand
        return rng.choice(_RARE)
    given = rng.sample(_GIVEN, 1 if rng.random() < 0.2 else 2)  # noqa: PLR2004  one in five has a single given character
    return rng.choice(_SURNAMES) + "".join(given)


def awkward(number: int, institution_type: str) -> str:
    """A legal name that is hard on tables and files, for a few numbers; else empty."""
    awkward_type, name = _AWKWARD.get(number, ("", ""))
    return name if awkward_type == institution_type else ""


def institution(institution_type: str, grade: int, region_code: str, trade: Trade, rng: Random) -> str:
    """A name of the type; `grade` is the highest level a school trains up to, which its name tells."""
    place = {"420222": "阳新", "420281": "大冶"}.get(region_code, rng.choice(("黄石", "黄石", "湖北")))
    brand = rng.choice(_BRAND_FIRST) + rng.choice(_BRAND_SECOND)
    word = rng.choice(trade.words)
    if institution_type == "technical_school":
        return f"{place}{brand}{word}{_SCHOOL_KINDS[grade]}"
    return f"{place}{brand}{word}{rng.choice(_FORMS[institution_type])}"


def address(region_code: str, rng: Random) -> str:
    """A street address in a region."""
    place, streets = STREETS[region_code]
    return f"{place}{rng.choice(streets)}{rng.randint(1, 399)}号"


def telephone(rng: Random) -> str:
    """A mainland mobile number, or a landline with Huangshi's area code."""
    if rng.random() < 0.3:  # noqa: PLR2004  three offices in ten give the landline
        return f"0714-6{rng.randint(200000, 599999)}"
    return f"1{rng.choice('35789')}{rng.randint(0, 9)}{rng.randint(0, 99999999):08d}"
