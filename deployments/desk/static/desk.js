// What a person has typed into a form of an act is kept while the page is open, so that a session that runs out loses nothing.
"use strict";
(() => {
  const key = (form) => `draft:${form.getAttribute("action")}`;
  const fields = (form) => [...form.querySelectorAll("textarea, input:not([type=hidden]):not([type=file]), select")];
  const words = new URLSearchParams(location.search);
  for (const form of document.querySelectorAll("form.act")) {
    if (words.has("done")) { sessionStorage.removeItem(key(form)); continue; }
    const kept = JSON.parse(sessionStorage.getItem(key(form)) || "{}");
    for (const field of fields(form)) {
      if (!(field.name in kept)) continue;
      if (field.type === "radio" || field.type === "checkbox") field.checked = kept[field.name] === field.value;
      else if (!field.value) field.value = kept[field.name];
    }
    form.addEventListener("input", () => {
      const now = {};
      for (const field of fields(form)) {
        const ticks = field.type === "radio" || field.type === "checkbox";
        if (!ticks || field.checked) now[field.name] = field.value;
      }
      sessionStorage.setItem(key(form), JSON.stringify(now));
    });
    form.addEventListener("submit", () => {
      for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
    });
  }
  addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form.act button")) button.disabled = false; });
})();
