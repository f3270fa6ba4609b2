// Which rows answer the conditions, in which order, and how many each further choice would leave.
// Words are looked up in the texts of institutions, occupations and levels, each kept once, not row by row:
// that is what makes one key press on a hundred thousand rows cheap.
const wanted = { words: [], type: new Set(), region: new Set(), level: new Set(), validity: new Set(), occupation: -1 };
const FACETS = {
  type: { title: "机构类型", names: types },
  region: { title: "所属区划", names: regions },
  level: { title: "职业等级", names: LEVELS },
  validity: { title: "剩余有效期", names: VALIDITY },
};

function within(texts, word) {
  const hit = new Uint8Array(texts.length);
  for (let place = 0; place < texts.length; place += 1) if (texts[place].includes(word)) hit[place] = 1;
  return hit;
}

const hitsOfWord = new Map();
function hits(word) {
  if (!hitsOfWord.has(word)) {
    if (hitsOfWord.size > 50) hitsOfWord.clear();
    hitsOfWord.set(word, {
      institution: within(institutionTexts, word), occupation: within(occupationTexts, word), levels: within(levelTexts, word),
    });
  }
  return hitsOfWord.get(word);
}

function setWords(text) {
  wanted.words = fold(text).split(/\s+/).filter(Boolean);
}

const allowed = (chosen, size) => Uint8Array.from({ length: size }, (_, place) => (chosen.size === 0 || chosen.has(place) ? 1 : 0));

const found = new Int32Array(ROWS);
const seen = new Int32Array(institutions.uscc.length);
let round = 0;

// returns {count, institutions, counts}; the rows themselves are the first `count` of `found`
function search(order) {
  const words = wanted.words.map(hits);
  const typeOk = allowed(wanted.type, types.length);
  const regionOk = allowed(wanted.region, regions.length);
  const validityOk = allowed(wanted.validity, VALIDITY.length);
  const levelsOk = levels.map((one) => (wanted.level.size === 0 || one.places.some((place) => wanted.level.has(place)) ? 1 : 0));
  const counts = {
    type: new Int32Array(types.length), region: new Int32Array(regions.length), level: new Int32Array(LEVELS.length),
    validity: new Int32Array(VALIDITY.length), occupation: new Int32Array(occupations.code.length),
  };
  let count = 0;
  let many = 0;
  round += 1;
  nextRow: for (let k = 0; k < ROWS; k += 1) {
    const row = order[k];
    const i = rowInstitution[row];
    const o = rowOccupation[row];
    const l = rowLevels[row];
    for (let w = 0; w < words.length; w += 1) {
      const word = words[w];
      if (!(word.institution[i] || word.occupation[o] || word.levels[l])) continue nextRow;
    }
    const type = institutionType[i];
    const region = institutionRegion[i];
    const validity = validityOfDate[rowValid[row]];
    const occupationOk = wanted.occupation < 0 || wanted.occupation === o ? 1 : 0;
    const met = typeOk[type] + regionOk[region] + levelsOk[l] + validityOk[validity] + occupationOk;
    // a choice counts the rows that all other conditions leave
    if (met < 4) continue;
    if (met === 5) {
      found[count] = row;
      count += 1;
      if (seen[i] !== round) { seen[i] = round; many += 1; }
    }
    if (met === 5 || !typeOk[type]) counts.type[type] += 1;
    if (met === 5 || !regionOk[region]) counts.region[region] += 1;
    if (met === 5 || !levelsOk[l]) for (const place of levels[l].places) counts.level[place] += 1;
    if (met === 5 || !validityOk[validity]) counts.validity[validity] += 1;
    if (met === 5 || !occupationOk) counts.occupation[o] += 1;
  }
  return { count, institutions: many, counts };
}

const collator = new Intl.Collator("zh-CN", { numeric: true });
function ranks(texts) {
  const sorted = texts.map((_, place) => place).sort((a, b) => collator.compare(texts[a], texts[b]) || a - b);
  const rank = new Int32Array(texts.length);
  sorted.forEach((place, position) => { rank[place] = position && collator.compare(texts[place], texts[sorted[position - 1]]) === 0 ? rank[sorted[position - 1]] : position; });
  return rank;
}

const rankOfRow = (rank, rowPart) => Int32Array.from(rowPart, (place) => rank[place]);
const ORDERS = {
  uscc: { title: "统一社会信用代码", rank: () => Int32Array.from({ length: ROWS }, (_, row) => row) },
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
  const name = key + (down ? " down" : "");
  if (!sortedRows.has(name)) {
    const rank = ORDERS[key].rank();
    const sign = down ? -1 : 1;
    sortedRows.set(name, Int32Array.from({ length: ROWS }, (_, row) => row).sort((a, b) => sign * (rank[a] - rank[b]) || a - b));
  }
  return sortedRows.get(name);
}
