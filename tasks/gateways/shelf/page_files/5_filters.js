// The choices beside the search box, each with the number of rows it would leave, and the address that keeps them.
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
  $("occupation").append(new Option("全部", ""));
  for (const [key, { title }] of Object.entries(ORDERS)) {
    $("order").append(el("option", { value: key }, title), el("option", { value: key + " down" }, title + "（倒序）"));
  }
}

// a thousand trades are offered once the page stands, or when one of them is asked for
const occupationOptions = lazily(() => {
  const options = document.createDocumentFragment();
  OCCUPATIONS.forEach(({ text }, key) => options.append(new Option(text, key)));
  $("occupation").append(options);
  return true;
});

function showCounts(counts) {
  for (const facet of Object.keys(FACETS)) {
    countNodes[facet].forEach(([label, node], place) => {
      const count = counts[facet][place];
      node.textContent = `(${number(count)})`;
      label.classList.toggle("none", count === 0);
      // nobody needs to be offered expired rows as long as there are none
      if (facet === "validity" && place === 0) label.hidden = count === 0 && !conditions.validity.has(0);
    });
  }
  occupationCounts = counts.occupation;
}

// a closed list shows no counts: they are written when it is about to open
function showOccupationCounts() {
  occupationOptions();
  for (const option of Array.from($("occupation").options)) {
    const offered = OCCUPATIONS.get(option.value);
    if (!offered) continue;
    const count = Array.from(offered.places).reduce((sum, o) => sum + occupationCounts[o], 0);
    option.textContent = `${offered.text} (${number(count)})`;
    option.hidden = count === 0 && conditions.occupation !== option.value;
  }
}

function choose(input) {
  const chosen = conditions[input.name];
  if (input.checked) chosen.add(Number(input.value));
  else chosen.delete(Number(input.value));
}

function clearConditions() {
  setWords("");
  setDay("");
  conditions.occupation = "";
  for (const facet of Object.keys(FACETS)) conditions[facet].clear();
}

// #?q=电工&level=… shows the same list to whoever opens it, in this edition or a later one
function stateText() {
  const state = new URLSearchParams();
  if (conditions.q.trim()) state.set("q", conditions.q.trim());
  if (conditions.day) state.set("day", conditions.day);
  if (conditions.occupation) state.set("occupation", conditions.occupation);
  for (const [facet, { names }] of Object.entries(FACETS)) {
    Array.from(conditions[facet]).sort((a, b) => a - b).forEach((place) => state.append(facet, names[place]));
  }
  if (view.order !== "uscc" || view.down) state.set("order", view.order + (view.down ? " down" : ""));
  if (view.page) state.set("page", view.page + 1);
  return state.toString();
}

let noting = 0;
function noteState() {
  clearTimeout(noting);
  // browsers refuse a page that changes its address with every key
  noting = setTimeout(writeState, 250);
}

function writeState() {
  clearTimeout(noting);
  if (!isListing(addressed())) return;
  const state = stateText();
  const here = location.hash || "#";
  const address = state ? "#?" + state : here.startsWith("#?") ? "#" : here;
  if (address !== here) history.replaceState(null, "", address);
}

// puts the conditions of an address into the form; what this edition does not know is left out
function takeState(text) {
  const state = new URLSearchParams(text);
  clearConditions();
  setWords(state.get("q") || "");
  setDay(state.get("day") || "");
  conditions.occupation = OCCUPATIONS.has(state.get("occupation")) ? state.get("occupation") : "";
  for (const [facet, { names }] of Object.entries(FACETS)) {
    for (const name of state.getAll(facet)) if (names.includes(name)) conditions[facet].add(names.indexOf(name));
  }
  $("q").value = conditions.q;
  $("day").value = conditions.day;
  if (conditions.occupation) occupationOptions();
  $("occupation").value = conditions.occupation;
  for (const input of Array.from($("facets").querySelectorAll("input"))) input.checked = conditions[input.name].has(Number(input.value));
  const [key, down] = (state.get("order") || "uscc").split(" ");
  setOrder(ORDERS[key] ? key : "uscc", down === "down");
  view.page = (Number.parseInt(state.get("page"), 10) || 1) - 1;
  update(true);
}
