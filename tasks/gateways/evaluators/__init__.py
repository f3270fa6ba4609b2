"""The panels: packages made for them, the ways packages reach them, and the scoring workbooks they send back."""
