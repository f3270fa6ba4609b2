// Runs first and is plain enough for any engine: where the page's script does not get there, the rows are shown as they
// were written, and the page says so.
(function () {
  window.directoryFailed = function () {
    var kept = document.getElementById("kept"), notice = document.getElementById("failed");
    if (kept) kept.parentNode.innerHTML = kept.textContent.split("<script")[0];
    if (notice) notice.hidden = false;
  };
  window.onerror = window.directoryFailed;
  window.addEventListener("load", function () {
    if (!window.directoryReady) window.directoryFailed();
  });
})();
