// Runs first and is plain enough for any engine: where the script cannot run, the page says so and its list stays.
(function () {
  window.directoryFailed = function () {
    var notice = document.getElementById("failed");
    if (notice) notice.hidden = false;
  };
  window.onerror = window.directoryFailed;
})();
