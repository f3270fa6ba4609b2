"""An application (申报): its statuses; those of a version are set by what happens to it, the others follow from its items."""

STATUSES: dict[str, str] = {
    "received": "已收件",
    "returned": "退回补正",
    "superseded": "已被新版本替代",
    "late": "逾期未采纳的版本",
    "in_progress": "办理中",
    "closed": "已办结",
}
