// The directory as it was embedded, and what is worked out from it once.
// Values reach the document through textContent only, never as markup.
const DATA = JSON.parse(document.getElementById("data").textContent);
const { institutions, occupations, rows, types, regions, levels, audiences, dates, chain } = DATA;
// rows in force come first, then those of earlier editions that are no more
const ROWS = rows.institution.length;
const NOW = DATA.now;

const DAY = 86400000;
const dayNumber = (iso) => Date.parse(iso + "T00:00:00Z") / DAY;
const isoDay = (day) => new Date(day * DAY).toISOString().slice(0, 10);
// validity ends in Beijing, wherever the reader's clock is; a clock behind the edition itself is wrong
const today = Math.max(Math.floor((Date.now() / 3600000 + 8) / 24), dayNumber(DATA.as_of));
const dateNumbers = dates.map(dayNumber);
const editionDays = chain.map((edition) => dayNumber(edition.as_of));

// the policy's reminder days are the steps of remaining validity
const steps = DATA.reminder_days.slice().sort((a, b) => a - b);
const VALIDITY = [
  "已到期",
  ...steps.map((step, place) => (place ? `${steps[place - 1] + 1}～${step} 天` : `${step} 天以内`)),
  steps.length ? `${steps[steps.length - 1]} 天以上` : "有效期内",
];

// the day asked about: today, or one of the past
let asked = today;
let daysLeft = [];
let validityOfDate = [];
function askAbout(day) {
  asked = day;
  daysLeft = dateNumbers.map((date) => date - day);
  validityOfDate = daysLeft.map((left) => {
    if (left < 0) return 0;
    const place = steps.findIndex((step) => left <= step);
    return place < 0 ? VALIDITY.length - 1 : place + 1;
  });
}
askAbout(today);

const LEVELS = DATA.level_names;
const institutionType = new Int32Array(institutions.type);
const institutionRegion = new Int32Array(institutions.region);
const rowInstitution = new Int32Array(rows.institution);
const rowOccupation = new Int32Array(rows.occupation);
const rowLevels = new Int32Array(rows.levels);
const rowAudiences = new Int32Array(rows.audiences);
const rowFiled = new Int32Array(rows.filed);
const rowValid = new Int32Array(rows.valid);
const rowCame = new Int32Array(rows.came);

const goneIn = (row) => (row < NOW ? chain.length : rows.gone[row - NOW]);
const isNow = new Uint8Array(institutions.uscc.length);
for (let row = 0; row < NOW; row += 1) isNow[rowInstitution[row]] = 1;

function lazily(make) {
  let made = null;
  return () => {
    if (made === null) made = make();
    return made;
  };
}

// one institution may have had several names, districts or codes: all its places, the one in force first
const byUscc = lazily(() => {
  const all = new Map();
  institutions.uscc.forEach((uscc, i) => {
    const places = all.get(uscc);
    if (!places) all.set(uscc, [i]);
    else if (isNow[i]) places.unshift(i);
    else places.push(i);
  });
  return all;
});

// What nobody waits for is done after the page has been drawn, one piece at a time, so that a key never waits for all of it.
const waiting = [];
let working = false;
function soon(piece) {
  waiting.push(piece);
  if (working) return;
  working = true;
  requestAnimationFrame(() => setTimeout(work, 0));
}

function work() {
  const piece = waiting.shift();
  working = waiting.length > 0;
  if (working) setTimeout(work, 0);
  piece();
}

// the texts of what is left, to be broken between them
function leftTexts(date) {
  const left = daysLeft[date];
  if (Number.isNaN(left)) return [""];
  if (left < 0) return ["已到期"];
  if (asked !== today) return ["当日剩余 ", `${left} 天`];
  return [left === 0 ? "今日到期" : `剩余 ${left} 天`];
}

function leftClass(date) {
  if (daysLeft[date] < 0) return "over";
  // colour from the second reminder on: the first comes half a year ahead
  return daysLeft[date] <= steps[Math.max(0, steps.length - 2)] ? "soon" : "";
}
