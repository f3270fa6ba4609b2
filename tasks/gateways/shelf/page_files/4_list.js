// The list of rows: one page of a real table, its header buttons, its pager, and all of it for the printer.
const PAGE = 50;
const PRINTED = 3000;
// as many as a screen holds are drawn at once, those below when it has been drawn
const AT_ONCE = 12;
const view = { order: "uscc", down: false, page: 0, count: 0 };
const $ = (id) => document.getElementById(id);
const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

function el(tag, attributes, ...content) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) if (value !== false && value !== "") node.setAttribute(name, value === true ? "" : value);
  node.append(...content);
  return node;
}

// replaceChildren, which engines before Chrome 86 do not have
function fill(node, ...content) {
  while (node.firstChild) node.removeChild(node.firstChild);
  node.append(...content);
}

const COLUMNS = [
  ["name", "机构名称"], ["type", "机构类型"], ["region", "所属区划"], ["occupation", "职业（工种）"],
  ["levels", "职业等级"], ["filed", "备案日期"], ["valid", "有效期至"],
];

function cell(label, className, ...content) {
  return el("td", { role: "cell", class: className }, el("span", { class: "label" }, label), ...content);
}

const sub = (text, className) => el("span", { class: "sub " + (className || "") }, text);

function occupationCell(o, ...more) {
  const workType = occupations.work_type[o];
  return cell("职业", "", occupations.name[o], ...(workType ? [sub("工种：" + workType)] : []), ...more);
}

function levelsCell(row) {
  const served = audiences[rowAudiences[row]].text;
  return cell("职业等级", "levels", levels[rowLevels[row]].text, ...(served ? [sub("服务对象：" + served)] : []));
}

function validCell(date) {
  const [text, ...rest] = leftTexts(date);
  const left = sub(text, leftClass(date));
  left.append(...rest.map((part) => el("span", { class: "date" }, part)));
  return cell("有效期至", "date", dates[date], left);
}

function institutionLink(uscc, name) {
  return el("a", { href: "#" + encodeURIComponent(uscc) }, name);
}

function rowOf(row) {
  const i = rowInstitution[row];
  const o = rowOccupation[row];
  const codes = [sub(institutions.uscc[i], "num")];
  if (institutions.code[i]) codes.push(sub("机构编码 " + institutions.code[i], "num"));
  if (institutions.address[i]) codes.push(sub(institutions.address[i]));
  return el("tr", { role: "row" },
    cell("机构名称", "", institutionLink(institutions.uscc[i], institutions.name[i]), ...codes),
    cell("机构类型", "", types[institutions.type[i]]),
    cell("所属区划", "", regions[institutions.region[i]]),
    occupationCell(o, sub(occupations.code[o], "num")),
    levelsCell(row),
    cell("备案日期", "date", dates[rowFiled[row]]),
    validCell(rowValid[row]));
}

function rowsBetween(from, to) {
  const body = document.createDocumentFragment();
  for (let k = from; k < to; k += 1) body.append(rowOf(found[k]));
  return body;
}

let drawing = 0;
function showRows(from, to, atOnce) {
  const until = Math.min(to, from + atOnce);
  const body = rowsBetween(from, until);
  drawing += 1;
  const drawn = drawing;
  if (until < to) soon(() => { if (drawn === drawing) $("rows").append(rowsBetween(until, to)); });
  if (view.count === 0) body.append(el("tr", { role: "row" }, el("td", { role: "cell", class: "empty", colspan: COLUMNS.length }, "没有符合条件的记录，请减少或更换条件。")));
  fill($("rows"), body);
}

function showPage() {
  const pages = Math.max(1, Math.ceil(view.count / PAGE));
  view.page = Math.min(Math.max(view.page, 0), pages - 1);
  const from = view.page * PAGE;
  const to = Math.min(from + PAGE, view.count);
  showRows(from, to, AT_ONCE);
  $("page").value = view.page + 1;
  $("of").textContent = `页，共 ${number(pages)} 页`;
  $("pages").hidden = pages === 1;
  const atFocus = document.activeElement;
  $("first").disabled = $("previous").disabled = view.page === 0;
  $("next").disabled = $("last").disabled = view.page === pages - 1;
  if (atFocus && atFocus.disabled) $("page").focus();
}

function showHeads() {
  fill($("heads"), ...COLUMNS.map(([key, title]) => {
    const current = view.order === key;
    const sorted = current ? (view.down ? "descending" : "ascending") : "none";
    const button = el("button", { type: "button", "data-order": key }, title, el("span", { "aria-hidden": "true" }, current ? (view.down ? " ▼" : " ▲") : ""));
    return el("th", { role: "columnheader", scope: "col", "aria-sort": sorted }, button, el("span", { class: "printed" }, title));
  }));
}

// what the list is of: the present, or the edition in force on a day
function showDay() {
  $("on-day").hidden = !conditions.day;
  if (!conditions.day) return;
  const place = editionOn(asked);
  const first = chain[0];
  const text = place < 0
    ? `最早的一版目录 ${first.name} 截至 ${first.as_of}，此前的情况本页查不到。`
    : `以下是 ${conditions.day} 当日有效的备案，依据当日最新的一版目录 ${chain[place].name}（截至 ${chain[place].as_of}）。`;
  fill($("on-day"), text, place >= 0 && chain[place].name !== DATA.edition ? el("a", { href: `../${chain[place].name}/index.html` }, "打开该版") : "");
}

function showGone() {
  const gone = goneInstitutions();
  $("gone").hidden = gone.length === 0;
  const lines = gone.slice(0, 20).map((row) => {
    const i = rowInstitution[row];
    return el("li", {}, institutionLink(institutions.uscc[i], institutions.name[i]), `（${institutions.uscc[i]}）：${endText(row)}`);
  });
  fill($("gone"), el("p", {}, `已不在目录的机构 ${number(gone.length)} 家${gone.length > 20 ? "，列出 20 家" : ""}：`), el("ul", {}, ...lines));
}

function update(keepPage) {
  const answer = search(inOrder(view.order, view.down));
  view.count = answer.count;
  if (!keepPage) view.page = 0;
  showPage();
  $("status").textContent = `符合条件 ${number(answer.count)} 条，涉及 ${number(answer.institutions)} 家机构`;
  showDay();
  showCertificate();
  showGone();
  showCounts(answer.counts);
  noteState();
}

function setOrder(key, down) {
  view.order = key;
  view.down = down;
  $("order").value = key + (down ? " down" : "");
  showHeads();
}

function sortBy(key, down) {
  setOrder(key, down);
  update(false);
}

function turnTo(page) {
  view.page = page;
  showPage();
  noteState();
  // nothing else tells a listener that the rows are others now
  $("turned").textContent = `第 ${number(view.page + 1)} 页，共 ${number(Math.max(1, Math.ceil(view.count / PAGE)))} 页`;
  $("status").scrollIntoView({ block: "nearest" });
}

function beforePrint() {
  document.body.classList.toggle("listing", !$("directory").hidden);
  showRows(0, Math.min(view.count, PRINTED), PRINTED);
  $("print-note").hidden = view.count <= PRINTED;
  $("print-note").textContent = `共 ${number(view.count)} 条，此处印出前 ${number(PRINTED)} 条；完整目录请打印 directory.xlsx。`;
}

function afterPrint() {
  $("print-note").hidden = true;
  showPage();
}

// a cell that a spreadsheet would take for a formula gets an apostrophe, as in directory.csv
const FORMULA = /^(?![+-]?\d+(?:\.\d+)?$)(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/;
function csvCell(text) {
  const safe = FORMULA.test(text) ? "'" + text : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function csvOfFound() {
  const lines = [["机构名称", "机构类型", "统一社会信用代码", "机构编码", "所属区划", "注册地址", "职业编码", "职业名称", "工种", "职业等级", "服务对象", "备案日期", "有效期至"]];
  for (let k = 0; k < view.count; k += 1) {
    const row = found[k];
    const i = rowInstitution[row];
    const o = rowOccupation[row];
    lines.push([
      institutions.name[i], types[institutions.type[i]], institutions.uscc[i], institutions.code[i], regions[institutions.region[i]], institutions.address[i],
      occupations.code[o], occupations.name[o], occupations.work_type[o], levels[rowLevels[row]].text, audiences[rowAudiences[row]].text, dates[rowFiled[row]], dates[rowValid[row]],
    ]);
  }
  return "\ufeff" + lines.map((line) => line.map(csvCell).join(",") + "\r\n").join("");
}

function download() {
  const address = URL.createObjectURL(new Blob([csvOfFound()], { type: "text/csv;charset=utf-8" }));
  const link = el("a", { href: address, download: `directory-${conditions.day || DATA.edition}.csv` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
