// One institution by itself, at its own address (the page's address followed by # and its credit code): what it has on
// file, its whole published life, a link and a code for a camera.
function term(title, ...value) {
  return [el("dt", {}, title), el("dd", {}, ...value)];
}

// what became of a row that is no more in force: kind, edition, reason and document number
function endText(row) {
  const [kind, reason, documentNo] = DATA.ends[rows.end[row - NOW]];
  const edition = chain[rows.gone[row - NOW]];
  const why = [reason, documentNo && `文号 ${documentNo}`].filter(Boolean).join("，");
  return `${DATA.change_kinds[kind]}，${edition.as_of}（版次 ${edition.name}）${why ? "，" + why : ""}`;
}

// a row that came back by a decision: that it did, and by which
function returnText(row) {
  const edition = DATA.editions.find((one) => one.name === chain[rowCame[row]].name);
  const uscc = institutions.uscc[rowInstitution[row]];
  const change = edition && edition.rows.find(([kind, institution, occupation]) =>
    kind === DATA.reinstated && occupation === rowOccupation[row] && whoOf(institution)[0] === uscc);
  if (!change) return "";
  const why = partsOf(change[5]);
  return DATA.change_kinds[DATA.reinstated] + (why ? `：${why}` : "");
}

function rowsOf(places) {
  const own = [];
  for (let row = 0; row < ROWS; row += 1) if (places.includes(rowInstitution[row])) own.push(row);
  return own;
}

function particulars(i, current, gone) {
  const phone = institutions.phone && institutions.phone[i];
  return el("dl", {},
    ...term("备案状态", current.length ? `在目录，有效备案 ${current.length} 项` : el("b", { class: "over" }, `已不在目录：${endText(gone[gone.length - 1])}`)),
    ...term("机构类型", types[institutions.type[i]]),
    ...term("统一社会信用代码", institutions.uscc[i]),
    ...term("机构编码", institutions.code[i] || "尚未核发"),
    ...term("所属区划", regions[institutions.region[i]]),
    ...term("注册地址", institutions.address[i] || "未登记"),
    ...(phone ? term("联系电话", phone) : []));
}

function occupationTable(own) {
  return tableOf("备案职业", ["职业（工种）", "职业编码", "职业等级", "备案日期", "有效期至"], own.map((row) => el("tr", { role: "row" },
    occupationCell(rowOccupation[row]),
    cell("职业编码", "num", occupations.code[rowOccupation[row]]),
    levelsCell(row),
    cell("备案日期", "date", dates[rowFiled[row]]),
    validCell(rowValid[row]))));
}

// every row that ever stood in an edition, the latest first
function lifeTable(own) {
  const latest = own.slice().sort((a, b) => rowCame[b] - rowCame[a] || goneIn(b) - goneIn(a) || a - b);
  return tableOf("沿革", ["职业（工种）", "职业等级", "有效期", "目录版次", "结果"], latest.map((row) => {
    const i = rowInstitution[row];
    const o = rowOccupation[row];
    const came = chain[rowCame[row]];
    const returned = returnText(row);
    const result = row < NOW ? ["在目录"] : datesKept(endText(row));
    return el("tr", { role: "row" },
      occupationCell(o, sub(occupations.code[o], "num"), ...(byUscc().get(institutions.uscc[i]).length > 1 ? [sub(`当时名称：${institutions.name[i]}`)] : [])),
      levelsCell(row),
      cell("有效期", "", ...datesKept(`${dates[rowFiled[row]]} 至 ${dates[rowValid[row]]}`)),
      cell("目录版次", "", "自 ", el("a", { href: `../${came.name}/index.html` }, came.name), ...datesKept(`（${came.as_of}）`), ...(returned ? [sub(returned)] : [])),
      cell("结果", row < NOW ? "" : "over", ...result));
  }));
}

function linkBox(uscc) {
  const address = DATA.website ? DATA.website + "#" + encodeURIComponent(uscc) : location.href.split("#")[0] + "#" + encodeURIComponent(uscc);
  const code = codeOf(uscc);
  return el("div", { class: "linked" },
    el("p", {}, "本机构的网址：", el("a", { href: address, class: "address" }, address)),
    ...(code ? [el("figure", {}, code, el("figcaption", {}, "手机扫码打开"))] : []));
}

// The code of any institution is that of a blank credit code with the pattern of each bit that differs laid over it:
// codes are sums of their bits. Frame and patterns were made by segno when the edition was built.
function codeOf(uscc) {
  const code = DATA.qr;
  if (!code || uscc.length * 7 !== code.patterns.length || !/^[0-9A-Z]+$/i.test(uscc)) return null;
  const modules = unpack(code.frame);
  for (let place = 0; place < code.patterns.length; place += 1) {
    if (!((uscc.charCodeAt(Math.floor(place / 7)) >> (place % 7)) & 1)) continue;
    const pattern = unpack(code.patterns[place]);
    for (let at = 0; at < modules.length; at += 1) modules[at] ^= pattern[at];
  }
  return drawn(modules, code.size);
}

const unpack = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

function drawn(modules, size) {
  const svg = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(svg, "svg");
  const path = document.createElementNS(svg, "path");
  let line = "";
  for (let at = 0; at < size * size; at += 1) {
    if ((modules[at >> 3] >> (7 - (at & 7))) & 1) line += `M${(at % size) + 4} ${Math.floor(at / size) + 4}h1v1h-1z`;
  }
  for (const [name, value] of [["viewBox", `0 0 ${size + 8} ${size + 8}`], ["role", "img"], ["aria-label", "本机构网址的二维码"], ["class", "qr"]]) image.setAttribute(name, value);
  path.setAttribute("d", line);
  image.append(path);
  return image;
}

function showInstitution(uscc) {
  const places = byUscc().get(uscc);
  askAbout(today);
  const own = rowsOf(places);
  const current = own.filter((row) => row < NOW);
  const gone = own.filter((row) => row >= NOW).sort((a, b) => goneIn(a) - goneIn(b));
  const place = rowInstitution[current.length ? current[0] : gone[gone.length - 1]];
  const name = el("h2", { id: "institution-name", tabindex: "-1" }, institutions.name[place]);
  fill($("institution"),
    el("p", { class: "back" }, el("a", { href: "#results" }, "返回目录列表")),
    name, particulars(place, current, gone), linkBox(uscc),
    ...(current.length ? [el("h3", {}, "备案职业"), occupationTable(current)] : []),
    el("h3", {}, "历次公布"), lifeTable(own));
  setDay(conditions.day);
  return name;
}

function notFound(uscc) {
  const name = el("h2", { id: "institution-name", tabindex: "-1" }, "目录中没有这家机构");
  fill($("institution"), name,
    el("p", {}, `自 ${chain[0].name}（截至 ${chain[0].as_of}）以来各版目录都没有统一社会信用代码为 ${uscc} 的机构。`),
    el("p", {}, el("a", { href: "#results" }, "返回目录列表")));
  return name;
}
