// What changed in this edition and in earlier ones.
const SHOWN = 50;
const CHANGE_COLUMNS = ["机构名称", "职业（工种）", "变更类型", "变更前", "变更后", "事由和文号"];

// institutions, occupations and parts of a text stand once in the page: a change names their places
const whoOf = (place) => (Array.isArray(place) ? place : [institutions.uscc[place], institutions.name[place]]);
function tradeOf(place) {
  if (Array.isArray(place)) return place;
  const workType = occupations.work_type[place];
  return [occupations.code[place], occupations.name[place] + (workType ? `（${workType}）` : "")];
}
const partsOf = (places) => places.map((place) => DATA.parts[place]).join("；");

function changeRow([kind, institution, occupation, before, after, why]) {
  const [uscc, name] = whoOf(institution);
  const [code, trade] = tradeOf(occupation);
  const who = byUscc().has(uscc) ? institutionLink(uscc, name) : name;
  return el("tr", { role: "row" },
    cell(CHANGE_COLUMNS[0], "", who, sub(uscc, "num")),
    cell("职业", "", trade, sub(code, "num")),
    cell(CHANGE_COLUMNS[2], "", DATA.change_kinds[kind]),
    cell(CHANGE_COLUMNS[3], "changed", ...datesKept(partsOf(before) || "—")),
    cell(CHANGE_COLUMNS[4], "changed", ...datesKept(partsOf(after) || "—")),
    cell(CHANGE_COLUMNS[5], "changed", ...datesKept(partsOf(why) || "—")));
}

// a date is not to be broken at its hyphens
function datesKept(text) {
  return text.split(/(\d{4}-\d{2}-\d{2})/).map((part, place) => (place % 2 ? el("span", { class: "date" }, part) : part));
}

function tableOf(caption, titles, lines) {
  const heads = titles.map((title) => el("th", { role: "columnheader", scope: "col" }, title));
  return el("table", { class: "cards", role: "table" },
    el("caption", { class: "unseen" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads)),
    el("tbody", { role: "rowgroup" }, ...lines));
}

const changeTable = (caption, changed) => tableOf(caption, CHANGE_COLUMNS, changed.map(changeRow));

function tallies(counts) {
  const named = DATA.change_kinds.map((title, kind) => [title, counts[kind]]).filter(([, count]) => count > 0);
  if (named.length === 0) return el("p", {}, "本版无变更。");
  return el("ul", { class: "tallies" }, ...named.map(([title, count]) => el("li", {}, title + " ", el("b", {}, number(count)), " 项")));
}

function fillEdition(box, edition) {
  const place = el("div", {});
  const more = el("button", { type: "button" });
  let shown = 0;
  const showMore = () => {
    const next = edition.rows.slice(shown, shown + SHOWN);
    if (shown === 0) place.append(changeTable(edition.name + " 的变更", next));
    else place.querySelector("tbody").append(...next.map(changeRow));
    shown += next.length;
    more.hidden = shown >= edition.rows.length;
    more.textContent = `继续显示（还有 ${number(edition.rows.length - shown)} 项）`;
  };
  more.addEventListener("click", showMore);
  box.append(tallies(edition.counts), place, more);
  if (edition.rows.length > 0) showMore();
  else more.hidden = true;
  const total = edition.counts.reduce((sum, count) => sum + count, 0);
  if (total > edition.rows.length) box.append(el("p", { class: "sub" }, `页内列出 ${number(edition.rows.length)} 项，全部 ${number(total)} 项见该版的 changes.csv。`));
}

const changeList = lazily(() => {
  fill($("change-list"));
  DATA.editions.forEach((edition, place) => {
    const box = el("details", { class: "edition", open: place === 0 }, el("summary", {}, el("b", {}, edition.name), `　截至 ${edition.as_of}`, place === 0 ? "　本版" : ""));
    // earlier editions are filled when they are opened: most readers never do
    if (place === 0) fillEdition(box, edition);
    else box.addEventListener("toggle", () => fillEdition(box, edition), { once: true });
    $("change-list").append(box);
  });
  return true;
});
