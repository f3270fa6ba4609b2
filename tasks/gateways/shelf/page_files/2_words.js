// Words as people type them: full-width, capitals, traditional characters, punctuation and hyphens make no difference;
// pinyin and its initials stand for characters. The tables come with the page and hold only the characters it shows.
const simplified = new Map();
for (let place = 0; place + 1 < DATA.traditional.length; place += 2) simplified.set(DATA.traditional[place], DATA.traditional[place + 1]);
const PLAIN = /^[0-9a-z\u4e00-\u9fff]*$/;
const UNSPOKEN = /[^0-9a-z\u00c0-\u024f\u0370-\u1fff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\ud800-\udfff]/g;
const BETWEEN = /[\s,、;|]+/;

function fold(text) {
  let folded = text.toLowerCase();
  if (!PLAIN.test(folded)) folded = text.normalize("NFKC").toLowerCase().replace(UNSPOKEN, "");
  let answer = "";
  for (let place = 0; place < folded.length; place += 1) {
    const other = simplified.get(folded[place]);
    if (other === undefined) continue;
    answer = folded.slice(0, place);
    for (let rest = place; rest < folded.length; rest += 1) answer += simplified.get(folded[rest]) || folded[rest];
    return answer;
  }
  return folded;
}

const syllable = new Map();
for (const group of DATA.pinyin.split(" ")) {
  const [sound, characters] = group.split(":");
  for (const character of characters || "") syllable.set(character, sound);
}
// where a word is read otherwise than its characters one by one: 长江, 重庆
const readOtherwise = new Map(DATA.readings);

// pinyin of a text: all of it, where its syllables begin, and their first letters
function spell(text) {
  const other = readOtherwise.get(text);
  let full = "";
  let initials = "";
  const begins = new Set();
  let place = 0;
  for (const character of text) {
    const sound = (other && other[place]) || syllable.get(character);
    place += 1;
    begins.add(full.length);
    full += sound || character.toLowerCase();
    initials += sound ? sound[0] : character.toLowerCase();
  }
  return { full, initials, begins };
}

function sounds(spelt, word) {
  if (spelt.initials.includes(word)) return true;
  for (let place = spelt.full.indexOf(word); place >= 0; place = spelt.full.indexOf(word, place + 1)) if (spelt.begins.has(place)) return true;
  return false;
}

const typeTexts = types.map(fold);
const regionTexts = regions.map(fold);
const institutionTexts = lazily(() => institutions.name.map((name, i) =>
  [fold(name), fold(institutions.uscc[i]), fold(institutions.code[i]), typeTexts[institutions.type[i]], regionTexts[institutions.region[i]]].join("\n"),
));
const occupationTexts = lazily(() => occupations.code.map((code, o) => [fold(code), fold(occupations.name[o]), fold(occupations.work_type[o])].join("\n")));
const levelTexts = levels.map((one) => [one.text, ...one.titles.split(" "), ...one.places.map((place) => LEVELS[place]), ...one.words].map(fold).join("\n"));
const audienceTexts = audiences.map((one) => [one.text, ...one.text.split("、")].map(fold).join("\n"));
const validityTexts = VALIDITY.map(fold);

const regionSpelt = lazily(() => regions.map(spell));
const institutionSpelt = lazily(() => institutions.name.map(spell));
const occupationSpelt = lazily(() => occupations.name.map((name, o) => [spell(name), spell(occupations.work_type[o])]));

function within(texts, word) {
  const hit = new Uint8Array(texts.length);
  for (let place = 0; place < texts.length; place += 1) if (texts[place].includes(word)) hit[place] = 1;
  return hit;
}

const hitsOfWord = new Map();
function hits(word) {
  if (!hitsOfWord.has(word)) {
    if (hitsOfWord.size > 200) hitsOfWord.clear();
    const hit = {
      institution: within(institutionTexts(), word), occupation: within(occupationTexts(), word), levels: within(levelTexts, word),
      audiences: within(audienceTexts, word), validity: within(validityTexts, word),
    };
    if (/^[a-z]{2,}$/.test(word)) {
      const inRegion = regionSpelt().map((spelt) => sounds(spelt, word));
      institutionSpelt().forEach((spelt, i) => { if (inRegion[institutionRegion[i]] || sounds(spelt, word)) hit.institution[i] = 1; });
      occupationSpelt().forEach((spelt, o) => { if (spelt.some((one) => sounds(one, word))) hit.occupation[o] = 1; });
    }
    hit.any = Object.keys(hit).some((part) => hit[part].includes(1));
    hitsOfWord.set(word, hit);
  }
  return hitsOfWord.get(word);
}

// A district and a trade written without a space stand nowhere as one word: they are taken apart into the longest pieces that do
function pieces(word) {
  if (word.length < 2 || word.length > 40 || hits(word).any) return [word];
  const parts = [];
  let from = 0;
  while (from < word.length) {
    let to = from + 1;
    while (to < word.length && hits(word.slice(from, to + 1)).any) to += 1;
    parts.push(word.slice(from, to));
    from = to;
  }
  return parts;
}

// the words of a query; null where it holds signs and nothing to look for
function wordsOf(text) {
  const given = text.normalize("NFKC").split(BETWEEN).filter(Boolean);
  const words = given.map(fold).filter(Boolean);
  if (given.length > 0 && words.length === 0) return null;
  return words.reduce((all, word) => all.concat(pieces(word)), []);
}
