// What a person has typed into a form of an act is kept while the page is open, so that a session that runs out loses nothing;
// and files that are too large are named before they are sent.
"use strict";
(() => {
  const rule = (form) => form.querySelector("input[name=rule]")?.value || "";
  const key = (form) => `draft:${form.getAttribute("action")}:${rule(form)}`;
  const fields = (form) => [...form.querySelectorAll("textarea, input:not([type=hidden]):not([type=file]), select")];
  const ticks = (field) => field.type === "radio" || field.type === "checkbox";
  const words = new URLSearchParams(location.search);
  for (const form of document.querySelectorAll("form.act, form.letters")) {
    if (words.has("done")) { sessionStorage.removeItem(key(form)); continue; }
    const kept = JSON.parse(sessionStorage.getItem(key(form)) || "null");
    for (const field of kept ? fields(form) : []) {
      const values = kept[field.name] || [];
      if (ticks(field)) field.checked = values.includes(field.value);
      else if (values.length) field.value = values[0];
    }
    if (kept) { const around = form.closest("details"); if (around) around.open = true; }
    form.addEventListener("input", () => {
      const now = {};
      for (const field of fields(form)) if (!ticks(field) || field.checked) (now[field.name] ||= []).push(field.value);
      sessionStorage.setItem(key(form), JSON.stringify(now));
    });
    form.addEventListener("submit", () => {
      for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
    });
  }
  for (const picker of document.querySelectorAll("input[type=file][data-most]")) {
    picker.addEventListener("change", () => {
      const bytes = [...picker.files].reduce((sum, file) => sum + file.size, 0);
      const most = Number(picker.dataset.most);
      picker.setCustomValidity(bytes > most ? `共 ${Math.ceil(bytes / 1048576)} MB，超过每次 ${Math.floor(most / 1048576)} MB：请分几次上传` : "");
      picker.reportValidity();
    });
  }
  addEventListener("pageshow", () => { for (const button of document.querySelectorAll("form button")) button.disabled = false; });
})();
