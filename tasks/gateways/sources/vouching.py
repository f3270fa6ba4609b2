"""Which returned results may be taken: those that bear the token of the dispatch they answer."""

import pandas as pd

from schemas.item import KEYS
from schemas.settings import Settings
from tasks.gateways.evaluators.dispatch_tokens import Dispatch, Signer
from tasks.gateways.sources.contents import QuarantinedFile
from tasks.gateways.sources.folder import PATH
from tasks.gateways.sources.setting_aside import FILE

_NONE = "没有送评凭证，请用原送评的评分表填写，或在“送评凭证”（token）列填入该次送评package.json中的token后重新报送"
_FORGED = "送评凭证不是本系统签发的或已被改动，请从原送评的评分表或package.json原样取用后重新报送"
_ANOTHER = "送评凭证属于另一份申报，请改用该申报自己的送评凭证后重新报送"
_ENDED = (
    "该职业等级已有决定或已撤回送评，送评凭证随之失效；要更正评估结果，请交中心核对后由中心报入（desk或filing import）"
)
_REPLACED = "送评凭证属于第{given}次送评，该职业等级已改由第{sent}次送评的专家组评估，请由该专家组报送"


def vouched(
    rows: pd.DataFrame,
    sent: dict[tuple[str, ...], int],
    installation: Settings,
    *,
    required: bool,
    late: "pd.Series[bool] | None" = None,
) -> tuple[pd.DataFrame, list[QuarantinedFile]]:
    """The results that may be taken, and one sentence for each application of a file whose results may not.

    `rows`: RETURNED_RESULTS columns, FILE and PATH; `sent`: the revision of the package that carries each item. A row
    without a token is taken where none is `required`; a token that is there and wrong never is. `late`: rows whose item is
    decided or was recalled, with which its token ended; None where they stand on a person's word.
    """
    tokens = rows["token"].fillna("")
    if rows.empty or not (required or tokens.any()):
        return rows, []
    signer = Signer(installation)
    claims = {token: signer.read(token) for token in tokens.unique() if token}
    items = zip(*(rows[name].fillna("") for name in KEYS), strict=True)
    ended = [False] * len(rows) if late is None else late
    faults = pd.Series(
        [
            (_fault(claims[token], item, sent) or _ENDED * is_late) if token else _NONE * required
            for token, item, is_late in zip(tokens, items, ended, strict=True)
        ],
        index=rows.index,
        dtype="str",
    )
    refused = rows.assign(fault=faults)[faults != ""]
    summary = [
        QuarantinedFile(
            str(file),
            f"文件“{file}”中申报“{number}”的{len(group)}行评估结果未采用：{fault}",
            path=group[PATH].iloc[0] or None,
        )
        for (file, number, fault), group in refused.fillna("").groupby([FILE, "application_no", "fault"], sort=True)
    ]
    return rows[faults == ""], summary


def _fault(dispatch: Dispatch | None, item: tuple[str, ...], sent: dict[tuple[str, ...], int]) -> str:
    if dispatch is None:
        return _FORGED
    if dispatch.application_no != item[0]:
        return _ANOTHER
    # what was not sent out at all is refused by its rule
    revision = sent.get(item, dispatch.revision)
    return "" if revision == dispatch.revision else _REPLACED.format(given=dispatch.revision, sent=revision)
