// What the reader does, and which part of the page answers.
const PARTS = ["", "search", "results", "changes", "downloads"];
const title = document.title;
let listScroll = 0;

const isListing = (address) => PARTS.includes(address) || address[0] === "?";

function addressed() {
  const hash = location.hash.slice(1);
  if (hash[0] === "?") return hash;
  try {
    return decodeURIComponent(hash);
  } catch (mistyped) {
    return hash; // it names no institution, and the page says so
  }
}

function show() {
  const address = addressed();
  const listing = isListing(address);
  if (!listing && !$("directory").hidden) listScroll = lastScroll;
  const cameBack = $("directory").hidden;
  $("directory").hidden = $("changes").hidden = !listing;
  $("institution").hidden = listing;
  if (listing) {
    document.title = title;
    if (address[0] === "?" && address.slice(1) !== stateText()) takeState(address.slice(1));
    if (address === "changes") changeList();
    if (address === "changes" || address === "downloads" || address === "search") $(address).scrollIntoView();
    else if (cameBack) window.scrollTo(0, listScroll);
    if (stateText() && address[0] !== "?") noteState();
    return;
  }
  const heading = byUscc().has(address) ? showInstitution(address) : notFound(address);
  document.title = `${heading.textContent} - ${title}`;
  window.scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

// when the address changes, the browser may have scrolled already: the place in the list is noted before
let lastScroll = 0;
function notePlace() {
  if (!$("directory").hidden && isListing(addressed())) lastScroll = window.scrollY;
}

function leave() {
  notePlace();
  if (!$("directory").hidden) writeState();
}
window.addEventListener("scroll", notePlace, { passive: true });
// a click may follow so close on the scrolling that its event comes when the address is another already
document.addEventListener("click", leave, true);

function listen() {
  $("q").addEventListener("input", () => { setWords($("q").value); update(false); });
  $("day").addEventListener("change", () => { setDay($("day").value); update(false); });
  $("search").addEventListener("submit", (event) => event.preventDefault());
  $("search").addEventListener("reset", () => { clearConditions(); setTimeout(() => { update(false); $("q").focus(); }); });
  $("facets").addEventListener("change", (event) => { choose(event.target); update(false); });
  $("occupation").addEventListener("change", () => { conditions.occupation = $("occupation").value; update(false); });
  for (const moment of ["focus", "pointerdown"]) $("occupation").addEventListener(moment, showOccupationCounts);
  $("order").addEventListener("change", () => { const [key, down] = $("order").value.split(" "); sortBy(key, down === "down"); });
  $("heads").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const key = button.dataset.order;
    sortBy(key, view.order === key && !view.down);
    $("heads").querySelector(`[data-order="${key}"]`).focus();
  });
  $("first").addEventListener("click", () => turnTo(0));
  $("previous").addEventListener("click", () => turnTo(view.page - 1));
  $("next").addEventListener("click", () => turnTo(view.page + 1));
  $("last").addEventListener("click", () => turnTo(Infinity));
  $("page").addEventListener("change", () => turnTo((Number.parseInt($("page").value, 10) || 1) - 1));
  $("print").addEventListener("click", () => window.print());
  $("download").addEventListener("click", download);
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
  window.addEventListener("hashchange", show);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    $("q").focus();
  });
}

function enhance(plain) {
  if (window.matchMedia("(max-width: 760px)").matches) $("filters").open = false;
  plain.parentNode.replaceChild(el("tbody", { role: "rowgroup", id: "rows" }), plain);
  buildFilters();
  listen();
  const address = addressed();
  if (address[0] === "?") takeState(address.slice(1));
  else takeState("");
  for (const id of ["search", "bar", "results"]) $(id).hidden = false;
  $("list").hidden = true;
  show();
  // the first word typed finds the texts ready
  for (const piece of [changeList, occupationOptions, occupationTexts, institutionTexts]) soon(piece);
}

const plainRows = $("rows");
try {
  enhance(plainRows);
  window.directoryReady = true;
} catch (broken) {
  // the rows as they were written come back, and the page says why nothing can be searched
  for (const id of ["search", "bar", "pages"]) $(id).hidden = true;
  $("list").hidden = false;
  if ($("rows") !== plainRows && $("rows")) $("rows").parentNode.replaceChild(plainRows, $("rows"));
  $("directory").hidden = $("changes").hidden = false;
  window.directoryFailed();
  $("results").hidden = plainRows.rows.length === 0;
  throw broken;
}
