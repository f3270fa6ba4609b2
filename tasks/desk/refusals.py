"""What is refused, in Chinese: the sentence of each error a person may meet on the desk or on a run's page."""

from collections.abc import Mapping

from schemas.errors import FilingError
from tasks.adjustment import ImpossibleAdjustmentError, ImpossibleChangeError
from tasks.desk.approval import NothingToApproveError, OwnDecisionError
from tasks.desk.closing import NothingToCloseError, NothingToWithdrawError, UnknownOccupationError
from tasks.desk.pauses import AlreadyPausedError, NotPausedError, UnknownSubjectError
from tasks.desk.rulings import ImpossibleRulingError, LateRulingError, UnknownApplicationError
from tasks.runs.run import CycleBusyError
from tasks.store.dossier import MovedError
from tasks.store.leases import LeaseTakenError

_BUSY = "该批次正在办理（另一次运行或另一位同事）：请稍候再试，内容没有写入"
_SENTENCES: Mapping[type[FilingError], str] = {
    CycleBusyError: _BUSY,
    LeaseTakenError: _BUSY,
    MovedError: "您打开此页之后，已有人办理：请看过下面的经过，仍要办理的再提交一次",
    UnknownApplicationError: "没有这个申报编号",
    UnknownOccupationError: "该申报没有申报这个职业",
    NothingToWithdrawError: "该申报已没有可以撤回的事项（已办结、已撤回或批次已终止）：请看它的经过",
    NothingToCloseError: "没有可以终止的事项，或批次尚未到最后一日：请看它的经过",
    NothingToApproveError: "这一版目录不在等待批准（已批准、已被新的一版取代，或没有这一版）",
    AlreadyPausedError: "已有人暂停：要改期限的，先恢复再暂停",
    NotPausedError: "没有暂停，或已有人恢复",
    UnknownSubjectError: "没有这个批次或这项自动办理",
    OwnDecisionError: "您准予过该批次的例外审批，由此而来的目录须由另一位“审批”人员批准",
    ImpossibleRulingError: "这一审批不适用于该申报",
    LateRulingError: "已来不及：该申报已备案、已撤回或已终止办理，审批不再影响",
    ImpossibleAdjustmentError: "名册现在的情况不允许这一办理",
    ImpossibleChangeError: "所填的内容不能采用：请核对名称、类型、区划和地址",
}


def in_chinese(error: Exception) -> str:
    """The sentence a person reads for an error: its own, that of its kind, or a general one."""
    if isinstance(error, FilingError) and error.chinese:
        return error.chinese
    return next((text for kind, text in _SENTENCES.items() if isinstance(error, kind)), "没有办成：原因见下")
