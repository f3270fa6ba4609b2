// Runs first and is plain enough for any engine. Rows as written are not laid out while the script is expected to replace
// them: three thousand cost a phone seconds. Where the script does not get there, they are shown and the page says so.
(function () {
  document.documentElement.className = "scripted";
  window.directoryFailed = function () {
    document.documentElement.className = "";
    var notice = document.getElementById("failed");
    if (notice) notice.hidden = false;
  };
  window.onerror = window.directoryFailed;
  window.addEventListener("load", function () {
    if (!window.directoryReady) window.directoryFailed();
  });
})();
