"""What runs by itself and may be paused (暂停自动办理): every cycle, and the deployments that have a schedule."""

#: Deployments that run by themselves, with what people call their work: their runs bear it as their name.
AUTOMATIC: dict[str, str] = {
    "cycle": "各批次的定时办理",
    "sweeps": "每日清理",
    "retention": "到期清除个人信息",
    "resume-waiting": "唤醒等待中的批次",
    "watch": "值守提醒",
    "pruning": "清理旧日志",
}
