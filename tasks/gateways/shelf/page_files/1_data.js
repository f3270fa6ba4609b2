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
const institutionType = Int32Array.from(institutions.type);
const institutionRegion = Int32Array.from(institutions.region);
const rowInstitution = Int32Array.from(rows.institution);
const rowOccupation = Int32Array.from(rows.occupation);
const rowLevels = Int32Array.from(rows.levels);
const rowAudiences = Int32Array.from(rows.audiences);
const rowFiled = Int32Array.from(rows.filed);
const rowValid = Int32Array.from(rows.valid);
const rowCame = Int32Array.from(rows.came);

const goneIn = (row) => (row < NOW ? chain.length : rows.gone[row - NOW]);
const isNow = new Uint8Array(institutions.uscc.length);
for (let row = 0; row < NOW; row += 1) isNow[rowInstitution[row]] = 1;

// one institution may have had several names, districts or codes: all its places, the one in force first
const byUscc = new Map();
institutions.uscc.forEach((uscc, i) => {
  const places = byUscc.get(uscc);
  if (!places) byUscc.set(uscc, [i]);
  else if (isNow[i]) places.unshift(i);
  else places.push(i);
});

function leftText(date) {
  const left = daysLeft[date];
  if (Number.isNaN(left)) return "";
  if (left < 0) return "已到期";
  if (asked !== today) return `当日剩余 ${left} 天`;
  return left === 0 ? "今日到期" : `剩余 ${left} 天`;
}

function leftClass(date) {
  if (daysLeft[date] < 0) return "over";
  // colour from the second reminder on: the first comes half a year ahead
  return daysLeft[date] <= steps[Math.max(0, steps.length - 2)] ? "soon" : "";
}
