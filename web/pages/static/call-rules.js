/* Rules of calls: dragging into another order, by mouse, pen and finger; arrows do it without. */
(function () {
  "use strict";
  document.documentElement.classList.add("has-script");

  // ---- dragging: the entry moves among its neighbours, and what it was is sent when it is let go
  var held = null;
  function places(list) {
    return Array.prototype.map.call(list.children, function (each) { return each.dataset.place; }).join(",");
  }
  document.addEventListener("pointerdown", function (event) {
    var handle = event.target.closest(".handle");
    if (!handle || event.button !== 0 || held) return;
    var item = handle.closest("li"), list = item.parentElement;
    Array.prototype.forEach.call(list.children, function (each, n) { each.dataset.place = n; });
    held = {item: item, list: list, before: places(list), id: event.pointerId};
    item.classList.add("dragged");
    document.documentElement.classList.add("dragging");
    event.preventDefault();
  });
  document.addEventListener("pointermove", function (event) {
    if (!held || event.pointerId !== held.id) return;
    event.preventDefault();
    var edge = 60, y = event.clientY;
    if (y < edge) window.scrollBy(0, -12);
    else if (y > window.innerHeight - edge) window.scrollBy(0, 12);
    var item = held.item, above = item.previousElementSibling, below = item.nextElementSibling;
    if (above && y < middle(above)) held.list.insertBefore(item, above);
    else if (below && y > middle(below)) held.list.insertBefore(below, item);
  });
  function middle(item) {
    var box = item.getBoundingClientRect();
    return box.top + box.height / 2;
  }
  function letGo(event) {
    if (!held || event.pointerId !== held.id) return;
    var was = held, made = places(was.list);
    held = null;
    was.item.classList.remove("dragged");
    document.documentElement.classList.remove("dragging");
    if (made === was.before) return;
    if (event.type === "pointercancel") {
      made.split(",").map(Number).sort(function (a, b) { return a - b; }).forEach(function (place) {
        was.list.appendChild(was.list.querySelector(":scope > [data-place='" + place + "']"));
      });
      return;
    }
    var form = document.getElementById(was.list.dataset.order);
    form.elements.order.value = made;
    form.requestSubmit();
  }
  document.addEventListener("pointerup", letGo);
  document.addEventListener("pointercancel", letGo);
  document.addEventListener("htmx:afterSettle", function () {
    var said = document.getElementById("order-said"), from = document.getElementById("actions");
    if (said && from && from.dataset.said) said.textContent = from.dataset.said;
  });

  // ---- limits: a number takes the tick away, the tick takes the number away
  document.addEventListener("input", function (event) {
    var limit = event.target.closest("[data-limit]");
    if (!limit) return;
    var box = limit.querySelector(".input"), tick = limit.querySelector("input[type=checkbox]");
    if (event.target === box && box.value) tick.checked = false;
    if (event.target !== tick) return;
    if (tick.checked) { box.dataset.was = box.value; box.value = ""; }
    else if (box.dataset.was) box.value = box.dataset.was;
  });

  // ---- an action: only what is said of the chosen one, and a target only where there is one
  function showTarget() {
    var chosen = document.querySelector("select[data-targets]"), field = document.getElementById("to-field");
    if (!chosen || !field) return;
    var known = false;
    field.querySelectorAll("[data-of]").forEach(function (each) {
      each.hidden = each.dataset.of !== chosen.value;
      known = known || !each.hidden;
    });
    field.hidden = !known;
  }
  document.addEventListener("change", function (event) {
    if (event.target.matches("select[data-targets]")) showTarget();
  });
  showTarget();
})();
