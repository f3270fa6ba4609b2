// The list of rows: one page of a real table, its header buttons, its pager, and all of it for the printer.
const PAGE = 50;
const PRINTED = 3000;
const view = { order: "uscc", down: false, page: 0, count: 0 };
const $ = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("zh-CN");

function el(tag, attributes, ...content) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) if (value !== false && value !== "") node.setAttribute(name, value === true ? "" : value);
  node.append(...content);
  return node;
}

const COLUMNS = [
  ["name", "机构名称"], ["type", "机构类型"], ["region", "所属区划"], ["occupation", "职业（工种）"],
  ["levels", "职业等级"], ["filed", "备案日期"], ["valid", "有效期至"],
];

function cell(label, className, ...content) {
  return el("td", { role: "cell", class: className }, el("span", { class: "label" }, label), ...content);
}

function occupationCell(o, ...more) {
  const workType = occupations.work_type[o];
  return cell("职业", "", occupations.name[o], ...(workType ? [el("span", { class: "sub" }, "工种：" + workType)] : []), ...more);
}

function levelsCell(row) {
  const served = audiences[rowAudiences[row]];
  return cell("职业等级", "levels", levels[rowLevels[row]].text, ...(served ? [el("span", { class: "sub" }, "服务对象：" + served)] : []));
}

const validCell = (date) => cell("有效期至", "date", dates[date], el("span", { class: "sub " + leftClass(date) }, leftText(date)));

function institutionLink(uscc, name) {
  return el("a", { href: "#" + encodeURIComponent(uscc) }, name);
}

function rowOf(row) {
  const i = rowInstitution[row];
  const o = rowOccupation[row];
  const codes = [el("span", { class: "sub num" }, institutions.uscc[i])];
  if (institutions.code[i]) codes.push(el("span", { class: "sub num" }, "机构编码 " + institutions.code[i]));
  return el("tr", { role: "row" },
    cell("机构名称", "", institutionLink(institutions.uscc[i], institutions.name[i]), ...codes),
    cell("机构类型", "", types[institutions.type[i]]),
    cell("所属区划", "", regions[institutions.region[i]]),
    occupationCell(o, el("span", { class: "sub num" }, occupations.code[o])),
    levelsCell(row),
    cell("备案日期", "date", dates[rowFiled[row]]),
    validCell(rowValid[row]));
}

function showRows(from, to) {
  const body = document.createDocumentFragment();
  for (let k = from; k < to; k += 1) body.append(rowOf(found[k]));
  if (view.count === 0) body.append(el("tr", { role: "row" }, el("td", { role: "cell", class: "empty", colspan: COLUMNS.length }, "没有符合条件的记录，请减少或更换条件。")));
  $("rows").replaceChildren(body);
}

function showPage() {
  const pages = Math.max(1, Math.ceil(view.count / PAGE));
  view.page = Math.min(Math.max(view.page, 0), pages - 1);
  const from = view.page * PAGE;
  const to = Math.min(from + PAGE, view.count);
  showRows(from, to);
  $("page").value = view.page + 1;
  $("of").textContent = `页，共 ${number(pages)} 页`;
  $("pages").hidden = pages === 1;
  const atFocus = document.activeElement;
  $("first").disabled = $("previous").disabled = view.page === 0;
  $("next").disabled = $("last").disabled = view.page === pages - 1;
  if (atFocus && atFocus.disabled) $("page").focus();
}

function showHeads() {
  $("heads").replaceChildren(...COLUMNS.map(([key, title]) => {
    const current = view.order === key;
    const sorted = current ? (view.down ? "descending" : "ascending") : "none";
    const button = el("button", { type: "button", "data-order": key }, title, el("span", { "aria-hidden": "true" }, current ? (view.down ? " ▼" : " ▲") : ""));
    return el("th", { role: "columnheader", scope: "col", "aria-sort": sorted }, button, el("span", { class: "printed" }, title));
  }));
}

function update(keepPage) {
  const answer = search(inOrder(view.order, view.down));
  view.count = answer.count;
  if (!keepPage) view.page = 0;
  showPage();
  $("status").textContent = `符合条件 ${number(answer.count)} 条，涉及 ${number(answer.institutions)} 家机构`;
  showCounts(answer.counts);
}

function sortBy(key, down) {
  view.order = key;
  view.down = down;
  $("order").value = key + (down ? " down" : "");
  showHeads();
  update(false);
}

function turnTo(page) {
  view.page = page;
  showPage();
  // nothing else tells a listener that the rows are others now
  $("turned").textContent = `第 ${number(view.page + 1)} 页，共 ${number(Math.max(1, Math.ceil(view.count / PAGE)))} 页`;
  $("status").scrollIntoView({ block: "nearest" });
}

function beforePrint() {
  document.body.classList.toggle("listing", !$("directory").hidden);
  showRows(0, Math.min(view.count, PRINTED));
  $("print-note").hidden = view.count <= PRINTED;
  $("print-note").textContent = `共 ${number(view.count)} 条，此处印出前 ${number(PRINTED)} 条；完整目录请打印 directory.xlsx。`;
}

function afterPrint() {
  $("print-note").hidden = true;
  showPage();
}
