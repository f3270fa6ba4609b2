// What the reader does, and which part of the page answers.
const PARTS = ["", "search", "results", "changes", "downloads"];
const title = document.title;
let listScroll = 0;

function addressed() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return location.hash.slice(1); // a mistyped address names no institution, and the page says so
  }
}

function show() {
  const address = addressed();
  const listing = PARTS.includes(address);
  if (!listing && !$("directory").hidden) listScroll = lastScroll;
  $("directory").hidden = $("changes").hidden = !listing;
  $("institution").hidden = listing;
  if (listing) {
    document.title = title;
    if (address === "changes" || address === "downloads" || address === "search") $(address).scrollIntoView();
    else window.scrollTo(0, listScroll);
    return;
  }
  const heading = byUscc.has(address) ? showInstitution(address) : notFound(address);
  document.title = `${heading.textContent} - ${title}`;
  window.scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

// when the address changes, the browser may have scrolled already: the place in the list is noted before
let lastScroll = 0;
function notePlace() {
  if (!$("directory").hidden && PARTS.includes(addressed())) lastScroll = window.scrollY;
}
window.addEventListener("scroll", notePlace, { passive: true });
// a click may follow so close on the scrolling that its event comes when the address is another already
document.addEventListener("click", notePlace, true);

function listen() {
  $("q").addEventListener("input", () => { setWords($("q").value); update(false); });
  $("search").addEventListener("submit", (event) => event.preventDefault());
  $("search").addEventListener("reset", () => { clearConditions(); setTimeout(() => { update(false); $("q").focus(); }); });
  $("facets").addEventListener("change", (event) => { choose(event.target); update(false); });
  $("occupation").addEventListener("change", () => { wanted.occupation = Number($("occupation").value); update(false); });
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
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
  window.addEventListener("hashchange", show);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    $("q").focus();
  });
}

if (window.matchMedia("(max-width: 760px)").matches) $("filters").open = false;
$("directory").hidden = false;
buildFilters();
listen();
sortBy("uscc", false);
buildChanges();
show();
