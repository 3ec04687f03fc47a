/* Copies a text. Browsers allow it on HTTPS pages only; elsewhere the button stays hidden. */
(function () {
  "use strict";
  if (!navigator.clipboard) return;
  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    var words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", function () {
      var text = document.querySelector(button.getAttribute("data-copy")).textContent;
      navigator.clipboard.writeText(text).then(function () {
        button.textContent = button.getAttribute("data-done");
        setTimeout(function () { button.textContent = words; }, 2000);
      });
    });
  });
})();
