// Which rows answer the conditions, in which order, and how many each further choice would leave.
// Words are looked up in the texts of institutions, occupations and levels, each kept once, not row by row:
// that is what makes one key press on a hundred thousand rows cheap.
const conditions = {
  q: "", words: [], day: "", occupation: "",
  type: new Set(), region: new Set(), level: new Set(), audience: new Set(), validity: new Set(),
};
const FACETS = {
  type: { title: "机构类型", names: types },
  region: { title: "所属区划", names: regions },
  level: { title: "职业等级", names: LEVELS },
  audience: { title: "服务对象", names: DATA.audience_names },
  validity: { title: "剩余有效期", names: VALIDITY },
};

// an occupation can be chosen with all its work types, or one of them
const OCCUPATIONS = new Map();
occupations.code.forEach((code, o) => {
  const whole = OCCUPATIONS.get(code) || { text: `${code} ${occupations.name[o]}`, places: new Set() };
  whole.places.add(o);
  OCCUPATIONS.set(code, whole);
  if (occupations.work_type[o]) OCCUPATIONS.set(`${code} ${occupations.work_type[o]}`, { text: `${code} ${occupations.name[o]}（${occupations.work_type[o]}）`, places: new Set([o]) });
});

function setWords(text) {
  conditions.q = text;
  conditions.words = wordsOf(text);
}

// a day of the past, or "" for today; the edition in force on it is the newest that was made by then
function setDay(iso) {
  conditions.day = /^\d{4}-\d{2}-\d{2}$/.test(iso) && !Number.isNaN(dayNumber(iso)) ? iso : "";
  askAbout(conditions.day ? dayNumber(conditions.day) : today);
}

function editionOn(day) {
  let place = chain.length - 1;
  while (place >= 0 && editionDays[place] > day) place -= 1;
  return place;
}

const allowed = (chosen, size) => Uint8Array.from({ length: size }, (_, place) => (chosen.size === 0 || chosen.has(place) ? 1 : 0));
const allowedSets = (chosen, sets) => Uint8Array.from(sets, (one) => (chosen.size === 0 || one.places.some((place) => chosen.has(place)) ? 1 : 0));

const found = new Int32Array(ROWS);
const seen = new Int32Array(institutions.uscc.length);
let round = 0;

// returns {count, institutions, counts}; the rows themselves are the first `count` of `found`
function search(order) {
  const counts = {
    type: new Int32Array(types.length), region: new Int32Array(regions.length), level: new Int32Array(LEVELS.length),
    audience: new Int32Array(DATA.audience_names.length), validity: new Int32Array(VALIDITY.length), occupation: new Int32Array(occupations.code.length),
  };
  if (conditions.words === null) return { count: 0, institutions: 0, counts };
  const words = conditions.words.map(hits);
  const typeOk = allowed(conditions.type, types.length);
  const regionOk = allowed(conditions.region, regions.length);
  const validityOk = allowed(conditions.validity, VALIDITY.length);
  const levelsOk = allowedSets(conditions.level, levels);
  const audiencesOk = allowedSets(conditions.audience, audiences);
  const chosen = OCCUPATIONS.get(conditions.occupation);
  const occupationOk = Uint8Array.from(occupations.code, (_, o) => (!chosen || chosen.places.has(o) ? 1 : 0));
  const past = conditions.day !== "";
  const edition = editionOn(asked);
  let count = 0;
  let many = 0;
  round += 1;
  nextRow: for (let k = 0; k < order.length; k += 1) {
    const row = order[k];
    if (past && !(rowCame[row] <= edition && edition < goneIn(row) && dateNumbers[rowValid[row]] >= asked)) continue;
    const i = rowInstitution[row];
    const o = rowOccupation[row];
    const l = rowLevels[row];
    const a = rowAudiences[row];
    const validity = validityOfDate[rowValid[row]];
    for (let w = 0; w < words.length; w += 1) {
      const word = words[w];
      if (!(word.institution[i] || word.occupation[o] || word.levels[l] || word.audiences[a] || word.validity[validity])) continue nextRow;
    }
    const type = institutionType[i];
    const region = institutionRegion[i];
    const met = typeOk[type] + regionOk[region] + levelsOk[l] + audiencesOk[a] + validityOk[validity] + occupationOk[o];
    // a choice counts the rows that all other conditions leave
    if (met < 5) continue;
    if (met === 6) {
      found[count] = row;
      count += 1;
      if (seen[i] !== round) { seen[i] = round; many += 1; }
    }
    if (met === 6 || !typeOk[type]) counts.type[type] += 1;
    if (met === 6 || !regionOk[region]) counts.region[region] += 1;
    if (met === 6 || !levelsOk[l]) for (const place of levels[l].places) counts.level[place] += 1;
    if (met === 6 || !audiencesOk[a]) for (const place of audiences[a].places) counts.audience[place] += 1;
    if (met === 6 || !validityOk[validity]) counts.validity[validity] += 1;
    if (met === 6 || !occupationOk[o]) counts.occupation[o] += 1;
  }
  return { count, institutions: many, counts };
}

const collator = lazily(() => new Intl.Collator("zh-CN", { numeric: true }));
function ranks(texts) {
  const { compare } = collator();
  const sorted = texts.map((_, place) => place).sort((a, b) => compare(texts[a], texts[b]) || a - b);
  const rank = new Int32Array(texts.length);
  sorted.forEach((place, position) => { rank[place] = position && compare(texts[place], texts[sorted[position - 1]]) === 0 ? rank[sorted[position - 1]] : position; });
  return rank;
}

const rankOfRow = (rank, rowPart) => Int32Array.from(rowPart, (place) => rank[place]);
const ORDERS = {
  uscc: { title: "统一社会信用代码", rank: () => rankOfRow(ranks(institutions.uscc), rowInstitution) },
  name: { title: "机构名称", rank: () => rankOfRow(ranks(institutions.name), rowInstitution) },
  type: { title: "机构类型", rank: () => rankOfRow(institutions.type, rowInstitution) },
  region: { title: "所属区划", rank: () => rankOfRow(institutions.region, rowInstitution) },
  occupation: { title: "职业（工种）", rank: () => rankOfRow(ranks(occupations.code), rowOccupation) },
  levels: { title: "职业等级", rank: () => rankOfRow(levels.map((one) => one.places.reduce((sum, place) => sum + 2 ** place, 0)), rowLevels) },
  filed: { title: "备案日期", rank: () => rankOfRow(ranks(dates), rowFiled) },
  valid: { title: "有效期至", rank: () => rankOfRow(ranks(dates), rowValid) },
};

const sortedRows = new Map();
function inOrder(key, down) {
  const size = conditions.day ? ROWS : NOW;
  const name = `${key} ${down} ${size}`;
  if (!sortedRows.has(name)) {
    const order = new Int32Array(size);
    for (let row = 0; row < size; row += 1) order[row] = row;
    // the rows in force stand in the order of the credit codes already
    if (key !== "uscc" || down || size > NOW) {
      const rank = ORDERS[key].rank();
      const sign = down ? -1 : 1;
      order.sort((a, b) => sign * (rank[a] - rank[b]) || a - b);
    }
    sortedRows.set(name, order);
  }
  return sortedRows.get(name);
}

// institutions that answer the words and have no row in force any more
function goneInstitutions() {
  if (!conditions.words || conditions.words.length === 0 || conditions.day) return [];
  const words = conditions.words.map(hits);
  const last = new Map();
  for (let row = NOW; row < ROWS; row += 1) {
    const i = rowInstitution[row];
    if (byUscc().get(institutions.uscc[i]).some((place) => isNow[place])) continue;
    if (!words.every((word) => word.institution[i] || word.occupation[rowOccupation[row]] || word.levels[rowLevels[row]])) continue;
    const known = last.get(institutions.uscc[i]);
    if (known === undefined || goneIn(row) >= goneIn(known)) last.set(institutions.uscc[i], row);
  }
  return Array.from(last.values());
}
