// Whether whoever issued a certificate was entitled to: its number of 22 characters holds the code of the institution,
// two digits of the year and the level. It says nothing of the certificate itself.
function certificateIn(text) {
  const { code, length } = DATA.certificate;
  const given = text.normalize("NFKC").toUpperCase().replace(/[\s-]/g, "");
  if (given.length !== length || !/^[0-9A-Z]+$/.test(given) || !/^\d+$/.test(given.slice(code))) return null;
  return { number: given, code: given.slice(0, code), year: `20${given.slice(code, code + 2)}`, level: given[code + 2] };
}

// the days on which a row was in force as published: a first one from the day it was filed, a later one from its edition
function termOf(row, earlier) {
  const begins = earlier ? editionDays[rowCame[row]] : dateNumbers[rowFiled[row]];
  const ends = row < NOW ? dateNumbers[rowValid[row]] : Math.min(dateNumbers[rowValid[row]], editionDays[goneIn(row)] - 1);
  return [begins, ends];
}

function entitlements({ code, year, level }) {
  const usccs = new Set(institutions.uscc.filter((_, i) => institutions.code[i] === code));
  const named = Array.from(usccs, (uscc) => ({ uscc, places: byUscc().get(uscc) }));
  const place = DATA.level_codes.indexOf(level);
  const from = dayNumber(`${year}-01-01`);
  const to = dayNumber(`${year}-12-31`);
  const terms = [];
  for (const { places } of named) {
    const known = new Set();
    const own = rowsOf(places).sort((a, b) => rowCame[a] - rowCame[b] || goneIn(a) - goneIn(b));
    for (const row of own) {
      const [begins, ends] = termOf(row, known.has(rowOccupation[row]));
      known.add(rowOccupation[row]);
      if (!levels[rowLevels[row]].places.includes(place)) continue;
      if (begins <= ends && begins <= to && ends >= from) terms.push({ row, from: Math.max(begins, from), to: Math.min(ends, to) });
    }
  }
  return { named, known: place >= 0, level: place < 0 ? level : LEVELS[place], terms };
}

function showCertificate() {
  const certificate = certificateIn(conditions.q);
  $("certificate").hidden = certificate === null;
  if (certificate === null) return;
  const { named, known, level, terms } = entitlements(certificate);
  const parts = [el("h2", {}, `证书编号 ${certificate.number}`)];
  if (named.length === 0) {
    parts.push(el("p", {}, `编号前 ${DATA.certificate.code} 位 ${certificate.code} 不是历版目录中任何机构的机构编码。`));
  } else {
    const who = named.map(({ uscc, places }) => institutionLink(uscc, institutions.name[places[0]]));
    const answer = !known ? `编号中的等级“${certificate.level}”不是本目录的职业等级。`
      : terms.length ? `${certificate.year} 年有“${level}”的备案：`
        : `${certificate.year} 年没有“${level}”的备案。`;
    parts.push(el("p", {}, "机构编码 " + certificate.code + " 是 ", ...who, "，", answer));
  }
  if (terms.length) {
    parts.push(el("ul", {}, ...terms.map(({ row, from, to }) => {
      const o = rowOccupation[row];
      const workType = occupations.work_type[o];
      return el("li", {}, `${occupations.code[o]} ${occupations.name[o]}${workType ? `（${workType}）` : ""}：${isoDay(from)} 至 ${isoDay(to)}`);
    })));
  }
  parts.push(el("p", { class: "sub" }, `依据 ${chain[0].as_of} 以来公布的各版目录，只说明机构当年的备案情况，不核验证书本身。`));
  fill($("certificate"), ...parts);
}
