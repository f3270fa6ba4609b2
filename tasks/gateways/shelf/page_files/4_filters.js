// The choices beside the search box, each with the number of rows it would leave.
const countNodes = {};
let occupationCounts = null;

function buildFilters() {
  for (const [facet, { title, names }] of Object.entries(FACETS)) {
    countNodes[facet] = [];
    const choices = names.map((name, place) => {
      const count = el("span", { class: "count" });
      const label = el("label", {}, el("input", { type: "checkbox", name: facet, value: place }), name, count);
      countNodes[facet].push([label, count]);
      return label;
    });
    $("facets").append(el("fieldset", {}, el("legend", {}, title), el("div", { class: "choices" }, ...choices)));
  }
  $("occupation").append(el("option", { value: -1 }, "全部"));
  occupations.code.forEach((code, o) => $("occupation").append(el("option", { value: o }, `${code} ${occupations.name[o]}`)));
  for (const [key, { title }] of Object.entries(ORDERS)) {
    $("order").append(el("option", { value: key }, title), el("option", { value: key + " down" }, title + "（倒序）"));
  }
}

function showCounts(counts) {
  for (const facet of Object.keys(FACETS)) {
    countNodes[facet].forEach(([label, node], place) => {
      const count = counts[facet][place];
      node.textContent = `(${number(count)})`;
      label.classList.toggle("none", count === 0);
      // nobody needs to be offered expired rows as long as there are none
      if (facet === "validity" && place === 0) label.hidden = count === 0 && !wanted.validity.has(0);
    });
  }
  occupationCounts = counts.occupation;
}

// a closed list shows no counts: they are written when it is about to open
function showOccupationCounts() {
  for (const option of $("occupation").options) {
    const o = Number(option.value);
    if (o < 0) continue;
    option.textContent = `${occupations.code[o]} ${occupations.name[o]} (${number(occupationCounts[o])})`;
    option.hidden = occupationCounts[o] === 0 && wanted.occupation !== o;
  }
}

function choose(input) {
  const chosen = wanted[input.name];
  if (input.checked) chosen.add(Number(input.value));
  else chosen.delete(Number(input.value));
}

function clearConditions() {
  setWords("");
  wanted.occupation = -1;
  for (const facet of Object.keys(FACETS)) wanted[facet].clear();
}
