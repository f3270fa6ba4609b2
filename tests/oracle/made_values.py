"""Made values, all valid: credit codes, identity numbers, phones, names, spellings of levels."""

import random
import re
from datetime import date, timedelta

import codes
from policy import Policy

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅建国志文海波晓东春燕思雨子轩浩然"
_PLACES = "黄石港西塞山下陆铁山大冶阳新磁湖团城山金山新港"
_TRADES = (
    "机械",
    "电力",
    "冶金",
    "建材",
    "纺织",
    "餐饮",
    "家政",
    "物流",
    "信息",
    "园林",
    "汽修",
    "化工",
    "模具",
    "矿业",
)
_ENDINGS = {
    "enterprise": "有限公司",
    "company": "有限公司",
    "technical_school": "技工学校",
    "college": "技工学校",
    "hospital": "医院",
}


class Maker:
    """Valid values from one seeded source; codes and identity numbers do not repeat."""

    def __init__(self, rng: random.Random, policy: Policy) -> None:
        self.rng, self.policy = rng, policy
        self._used: set[str] = set()

    def credit_code(self, prefix: str, area: str) -> str:
        """A new GB 32100 code of a registering prefix and six area digits, its inner digit right."""
        while True:
            letters = "0123456789" if self.rng.random() < 0.5 else codes.CREDIT_ALPHABET
            body = "".join(self.rng.choice(letters) for _ in range(8))
            first_17 = prefix + area + body + codes.inner_digit(body)
            code = first_17 + codes.credit_check(first_17)
            if code not in self._used:
                self._used.add(code)
                return code

    def identity_number(self) -> str:
        """A new GB 11643 number; some of areas that are no longer counties."""
        while True:
            area = self.rng.choice(("420202", "420204", "420222", "420281", "420221", "422124", "110105", "362101"))
            born = date(1955, 1, 1) + timedelta(days=self.rng.randrange(18_000))
            first_17 = f"{area}{born:%Y%m%d}{self.rng.randrange(1000):03d}"
            number = first_17 + codes.identity_check(first_17)
            if number not in self._used:
                self._used.add(number)
                return number

    def phone(self) -> str:
        if self.rng.random() < 0.3:
            return f"0714-{self.rng.randrange(6_200_000, 6_599_999)}"
        return f"1{self.rng.choice('3456789')}{self.rng.randrange(10**8, 10**9)}"

    def person(self) -> str:
        return self.rng.choice(_SURNAMES) + "".join(self.rng.choices(_GIVEN, k=self.rng.choice((1, 2))))

    def institution(self, institution_type: str, number: int) -> str:
        place = "".join(self.rng.sample(_PLACES, 2))
        ending = _ENDINGS.get(institution_type, "职业技能评价中心")
        return f"{self.policy['title'].removesuffix('市')}{place}{self.rng.choice(_TRADES)}{number}{ending}"

    def institution_code(self) -> str:
        """A code of the province's pattern: letters in brackets, digits by count, the rest as it stands."""
        pattern = str(self.policy["province"]["institution_code"]).strip("^$")
        pattern = re.sub(r"\[([A-Z]+)\]", lambda match: self.rng.choice(match[1]), pattern)
        return re.sub(r"\\d\{(\d+)\}", lambda match: "".join(self.rng.choices("0123456789", k=int(match[1]))), pattern)

    def sha256(self) -> str:
        return f"{self.rng.getrandbits(256):064x}"

    def spelled(self, levels: list[str]) -> str:
        """Levels in one of the spellings the contract accepts; `levels` run from the lowest up."""
        titles = [str(self.policy["levels"][level]).split("/") for level in levels]
        ways = [",".join(levels)] * 4
        ways += ["、".join(title[0] for title in titles), "/".join(title[-1] for title in titles)]
        digits = "".join(levels)
        if len(levels) > 1 and digits in "54321":
            ways.append(f"{levels[0]}-{levels[-1]}级")
        return self.rng.choice(ways)
