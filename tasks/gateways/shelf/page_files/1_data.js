// The directory as it was embedded, and what is worked out from it once: texts to search, days left.
// Values reach the document through textContent only, never as markup.
const DATA = JSON.parse(document.getElementById("data").textContent);
const { institutions, occupations, rows, types, regions, levels, audiences, dates } = DATA;
const ROWS = rows.institution.length;

const DAY = 86400000;
const dayNumber = (iso) => Date.parse(iso + "T00:00:00Z") / DAY;
// validity ends in Beijing, wherever the reader's clock is; a clock behind the edition itself is wrong
const today = Math.max(Math.floor((Date.now() / 3600000 + 8) / 24), dayNumber(DATA.as_of));
const daysLeft = dates.map((iso) => dayNumber(iso) - today);

// the policy's reminder days are the steps of remaining validity
const steps = [...DATA.reminder_days].sort((a, b) => a - b);
const VALIDITY = [
  "已到期",
  ...steps.map((step, place) => (place ? `${steps[place - 1] + 1}～${step} 天` : `${step} 天以内`)),
  steps.length ? `${steps[steps.length - 1]} 天以上` : "有效期内",
];
const validityOfDate = daysLeft.map((left) => {
  if (left < 0) return 0;
  const place = steps.findIndex((step) => left <= step);
  return place < 0 ? VALIDITY.length - 1 : place + 1;
});

// full-width and half-width, capital and small letters are one to a searcher
const fold = (text) => text.normalize("NFKC").toLowerCase();
const institutionTexts = institutions.name.map((name, i) =>
  fold([name, institutions.uscc[i], institutions.code[i], types[institutions.type[i]], regions[institutions.region[i]]].join("\n")),
);
const occupationTexts = occupations.code.map((code, o) => fold([code, occupations.name[o], occupations.work_type[o]].join("\n")));
const levelTexts = levels.map((one) => fold(one.text + "\n" + one.titles));
const LEVELS = DATA.level_names;

const institutionType = Int32Array.from(institutions.type);
const institutionRegion = Int32Array.from(institutions.region);
const rowInstitution = Int32Array.from(rows.institution);
const rowOccupation = Int32Array.from(rows.occupation);
const rowLevels = Int32Array.from(rows.levels);
const rowAudiences = Int32Array.from(rows.audiences);
const rowFiled = Int32Array.from(rows.filed);
const rowValid = Int32Array.from(rows.valid);

const byUscc = new Map();
institutions.uscc.forEach((uscc, i) => byUscc.set(uscc, [...(byUscc.get(uscc) || []), i]));

function leftText(date) {
  const left = daysLeft[date];
  if (Number.isNaN(left)) return "";
  if (left < 0) return "已到期";
  return left === 0 ? "今日到期" : `剩余 ${left} 天`;
}

function leftClass(date) {
  if (daysLeft[date] < 0) return "over";
  // colour from the second reminder on: the first comes half a year ahead
  return daysLeft[date] <= steps[Math.max(0, steps.length - 2)] ? "soon" : "";
}
