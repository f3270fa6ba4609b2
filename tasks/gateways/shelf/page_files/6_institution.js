// One institution by itself, at its own address: the page's address followed by # and its credit code.
function term(title, ...value) {
  return [el("dt", {}, title), el("dd", {}, ...value)];
}

function particulars(i, own) {
  return el("dl", {},
    ...term("机构类型", types[institutions.type[i]]),
    ...term("统一社会信用代码", institutions.uscc[i]),
    ...term("机构编码", institutions.code[i] || "尚未核发"),
    ...term("所属区划", regions[institutions.region[i]]),
    ...term("备案职业", `${own.length} 个`));
}

function occupationTable(own) {
  const heads = ["职业（工种）", "职业编码", "职业等级", "备案日期", "有效期至"].map((title) => el("th", { role: "columnheader", scope: "col" }, title));
  const lines = own.map((row) => el("tr", { role: "row" },
    occupationCell(rowOccupation[row]),
    cell("职业编码", "num", occupations.code[rowOccupation[row]]),
    levelsCell(row),
    cell("备案日期", "date", dates[rowFiled[row]]),
    validCell(rowValid[row])));
  return el("table", { class: "cards", role: "table" },
    el("caption", { class: "unseen" }, "备案职业"),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads)),
    el("tbody", { role: "rowgroup" }, ...lines));
}

function showInstitution(uscc) {
  const places = byUscc.get(uscc);
  const own = [];
  for (let row = 0; row < ROWS; row += 1) if (places.includes(rowInstitution[row])) own.push(row);
  const history = changesOf(uscc).flatMap(({ edition, changed }) => [
    el("p", { class: "sub" }, `${edition.name}（截至 ${edition.as_of}）`), changeTable(edition.name + " 的变更", changed),
  ]);
  const name = el("h2", { id: "institution-name", tabindex: "-1" }, institutions.name[places[0]]);
  $("institution").replaceChildren(
    el("p", { class: "back" }, el("a", { href: "#results" }, "返回目录列表")),
    name, particulars(places[0], own),
    el("h3", {}, "备案职业"), occupationTable(own),
    ...(history.length ? [el("h3", {}, "变更记录"), ...history] : []));
  return name;
}

function notFound(uscc) {
  const name = el("h2", { id: "institution-name", tabindex: "-1" }, "目录中没有这家机构");
  $("institution").replaceChildren(name,
    el("p", {}, `本版目录没有统一社会信用代码为 ${uscc} 的机构：其备案可能已到期或移出目录。`),
    el("p", {}, el("a", { href: "#results" }, "返回目录列表")));
  return name;
}
