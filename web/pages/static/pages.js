/* What pages do more with a script; without one everything works all the same. */
(function () {
  "use strict";
  // a tab that nobody looks at asks for nothing; it asks once when somebody looks again
  document.addEventListener("htmx:beforeRequest", function (event) {
    var polls = (event.target.getAttribute("hx-trigger") || "").indexOf("every") !== -1;
    if (polls && document.hidden) event.preventDefault();
  });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) return;
    document.querySelectorAll("[hx-trigger*='every']").forEach(function (each) {
      each.dispatchEvent(new Event("seen"));
    });
  });
  // where tabs do not fit side by side, the one of this page is in sight
  document.querySelectorAll(".tabs [aria-current]").forEach(function (each) {
    var strip = each.closest(".tabs");
    var beyond = each.offsetLeft + each.offsetWidth + 48 - strip.clientWidth;
    if (beyond > strip.scrollLeft) strip.scrollLeft = beyond;
  });
  // a button that was pressed is not pressed again
  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented) return;
    event.target.querySelectorAll("button[type=submit]").forEach(function (each) {
      setTimeout(function () { each.disabled = true; });
      setTimeout(function () { each.disabled = false; }, 8000);
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("button[disabled]").forEach(function (each) { each.disabled = false; });
  });
  // one question open at a time, and Escape closes it
  document.addEventListener("toggle", function (event) {
    if (!event.target.open || !event.target.matches("details.ask")) return;
    document.querySelectorAll("details.ask[open]").forEach(function (each) {
      if (each !== event.target) each.open = false;
    });
  }, true);
  // "/" goes to the search of the page, as on many sites
  document.addEventListener("keydown", function (event) {
    var seek = document.getElementById("seek");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !seek) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    seek.focus();
    seek.select();
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.ask[open]").forEach(function (each) {
      each.open = false;
      each.querySelector("summary").focus();
    });
  });
})();
